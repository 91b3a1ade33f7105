/**
 * What the tracker writes and every reader sees. The names of the fields are those of `Snapshot` and `Stage` in
 * Python; a test of the Python side reads this file and compares them.
 */

export type End = "completed" | "failed" | "cancelled" | "timeout";

export type Status = "queued" | "initializing" | "running" | End;

/** How far a job is. Percentages are 0 to 100 with 2 places, times whole Unix seconds. */
export interface ProgressInfo {
  job_id: string;
  run_id: string;
  attempt: number;
  seq: number;
  status: Status;
  stage: string;
  stage_label: string;
  stage_start: number;
  stage_end: number;
  stage_progress: number;
  overall_progress: number;
  work_progress: number;
  eta_seconds: number | null;
  eta_low_seconds: number | null;
  eta_high_seconds: number | null;
  stalled: boolean;
  /** Said by the service alone: the job's process is gone, and how the job ended is not known. */
  lost?: boolean;
  started_at: number;
  last_updated: number;
  published_at: number;
  message: string;
  /** All of the job's, in the order they run; learned weights place them elsewhere in each run. Older releases tell none. */
  stages?: PipelineStage[];
  metadata: ProgressMetadata;
}

/** One part of a job, and where it lies on the bar, in percent. */
export interface PipelineStage {
  id: string;
  label: string;
  start: number;
  end: number;
}

/** The stages of a plan, in the order they run. */
export interface StageDefinitions {
  plan: string;
  stages: PipelineStage[];
}

/** Figures beside the percentages. Any may be missing, and there may be others. */
export interface ProgressMetadata {
  completed_items?: number;
  total_items?: number;
  cost?: number | null;
  violations?: number | null;
  bound?: number | null;
  error?: string;
  [name: string]: unknown;
}

const ENDS: ReadonlySet<string> = new Set<End>(["completed", "failed", "cancelled", "timeout"]);

/**
 * Whether nothing is known of a job but its status: Redis, which alone knows how far it is, is away or has forgotten it.
 * Of one that waits, or is done, that says all.
 */
export function isBare({ seq, status }: ProgressInfo): boolean {
  return seq === 0 && !["queued", "initializing", "completed"].includes(status);
}

/** Whether nothing more is to come of a job with this status. */
export function isEnd(status: Status): status is End {
  return ENDS.has(status);
}
