/** A run that is not one: what its snapshots would be, by the clock. */
import type { Job } from "../src/api/jobs.ts";
import type { PipelineStage, ProgressInfo, Status } from "../src/api/types.ts";

export const STAGES: PipelineStage[] = [
  { id: "loading", label: "Reading the data", start: 0, end: 5 },
  { id: "clustering", label: "Organising the courses", start: 5, end: 15 },
  { id: "cpsat_solving", label: "Creating the initial schedule", start: 15, end: 75 },
  { id: "ga_optimization", label: "Improving the schedule", start: 75, end: 90 },
  { id: "rl_refinement", label: "Resolving conflicts", start: 90, end: 100 },
];

export interface Run {
  id: string;
  instance: string;
  owner: string;
  startedAt: number;
  seconds: number;
  /** A run that stands still at a percentage, to be looked at. */
  held?: number;
  status?: Status;
  /** Whether its process has gone silent. */
  lost?: boolean;
  stalled?: boolean;
  error?: string;
  numCourses: number;
  broken?: boolean;
}

const LAST_COST = 61;

export function costAt(fraction: number): {
  cost: number;
  violations: number;
  bound: number | null;
} {
  const cost = Math.round(LAST_COST + 1400 * Math.exp(-9 * fraction) * (1 - fraction));
  return {
    cost,
    violations: fraction < 0.32 ? Math.ceil((0.32 - fraction) * 40) : 0,
    bound: fraction < 0.4 ? null : Math.min(12, Math.round((fraction - 0.4) * 40)),
  };
}

export function snapshot(run: Run, now = Date.now() / 1000): ProgressInfo {
  const status = statusOf(run, now);
  const fraction =
    run.held === undefined
      ? Math.min(1, Math.max(0, (now - run.startedAt) / run.seconds))
      : run.held / 100;
  const overall =
    status === "completed" ? 100 : status === "queued" ? 0 : Math.min(99.6, fraction * 100);
  const stage = STAGES.find(({ end }) => overall < end) ?? STAGES[STAGES.length - 1];
  if (!stage) throw new Error("a plan has stages");
  const within = (overall - stage.start) / (stage.end - stage.start);
  const left = Math.max(1, Math.round(run.seconds * (1 - fraction)));
  const isOver = status !== "running" && status !== "initializing" && status !== "queued";
  const known = status !== "queued" && overall > 2;
  return {
    job_id: run.id,
    run_id: `${run.id}-run`,
    attempt: 1,
    seq: Math.max(1, Math.round((now - run.startedAt) * 2)),
    status,
    stage: stage.id,
    stage_label: stage.label,
    stage_start: stage.start,
    stage_end: stage.end,
    stage_progress: status === "completed" ? 100 : round(within * 100),
    overall_progress: round(overall),
    work_progress: round(overall),
    eta_seconds: isOver ? 0 : known ? left : null,
    eta_low_seconds: isOver ? 0 : known ? Math.round(left * 0.8) : null,
    eta_high_seconds: isOver ? 0 : known ? Math.round(left * 1.35) : null,
    stalled: run.stalled ?? false,
    started_at: Math.round(run.startedAt),
    last_updated: Math.round(
      run.lost ? now - 90 : isOver ? run.startedAt + run.seconds * fraction : now,
    ),
    published_at: Math.round(now * 1000) / 1000,
    message: "GA generation 12/200",
    stages: STAGES,
    metadata: {
      completed_items: Math.floor(within * 216),
      total_items: 216,
      ...(overall > 15 ? costAt(overall / 100) : {}),
      ...(run.error ? { error: run.error } : {}),
    },
  };
}

function statusOf(run: Run, now: number): Status {
  if (run.status) return run.status;
  if (run.held !== undefined) return "running";
  return now >= run.startedAt + run.seconds ? "completed" : "running";
}

export function job(run: Run): Job {
  const progress = snapshot(run);
  const isOver = !["running", "queued", "initializing"].includes(progress.status);
  const waits = progress.status === "queued";
  return {
    job_id: run.id,
    instance: run.instance,
    owner: run.owner,
    status: progress.status,
    created_at: run.startedAt - 3,
    started_at: waits ? null : run.startedAt,
    ended_at: isOver ? progress.last_updated : null,
    parameters: { formulation: "UD2", time_limit_seconds: run.seconds, plan: "default", seed: 0 },
    progress,
    result: progress.status === "completed" ? costAt(1) : null,
  };
}

export function curve(run: Run): string {
  const until = snapshot(run).overall_progress / 100;
  const lines = ["seconds,stage,violations,cost,bound"];
  for (let fraction = 0.15; fraction <= until; fraction += 0.01) {
    const { cost, violations, bound } = costAt(fraction);
    lines.push(`${(fraction * run.seconds).toFixed(2)},x,${violations},${cost},${bound ?? ""}`);
  }
  return `${lines.join("\n")}\n`;
}

const round = (value: number) => Math.round(value * 100) / 100;
