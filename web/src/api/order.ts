import { isEnd, type ProgressInfo } from "./types";

/**
 * Whether a reader that has seen one snapshot should show the other.
 *
 * A later start counts too: a second run under an old job id counts from 1 again.
 */
export function isNewer(snapshot: ProgressInfo, than: ProgressInfo | null): boolean {
  if (than === null) return true;
  const bySecondSource = snapshot.seq === 0;
  if (bySecondSource && than.seq > 0) {
    // While Redis is away the service answers from the run's state alone, which knows less: only an end is news.
    return isEnd(snapshot.status) && !isEnd(than.status);
  }
  if (bySecondSource) {
    // The same state told again is no news. Times are whole seconds, so within one the status may have changed.
    const later = snapshot.last_updated - than.last_updated;
    return later > 0 || (later === 0 && snapshot.status !== than.status);
  }
  if (than.seq === 0) return true;
  if (snapshot.started_at !== than.started_at) return snapshot.started_at > than.started_at;
  return snapshot.seq > than.seq;
}

/** What to show after a snapshot arrived: never an older one, and within a run never a lower percentage. */
export function newest(shown: ProgressInfo | null, arrived: ProgressInfo): ProgressInfo {
  if (!isNewer(arrived, shown)) return shown ?? arrived;
  if (shown === null) return arrived;
  if (arrived.seq === 0 && shown.seq > 0) return endedAs(arrived, shown);
  if (arrived.run_id !== shown.run_id) return arrived;
  return {
    ...arrived,
    overall_progress: Math.max(arrived.overall_progress, shown.overall_progress),
    work_progress: Math.max(arrived.work_progress, shown.work_progress),
  };
}

/** The end that the second source knows of, with the details that only the last snapshot has. */
function endedAs(end: ProgressInfo, last: ProgressInfo): ProgressInfo {
  const done = end.status === "completed";
  return {
    ...last,
    status: end.status,
    overall_progress: done ? 100 : last.overall_progress,
    work_progress: done ? 100 : last.work_progress,
    stage_progress: done ? 100 : last.stage_progress,
    eta_seconds: 0,
    eta_low_seconds: 0,
    eta_high_seconds: 0,
    stalled: false,
    last_updated: Math.max(end.last_updated, last.last_updated),
    metadata: { ...last.metadata, ...end.metadata },
  };
}
