import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import type { Following } from "../api/follower";
import type { Problem } from "../api/http";
import { type ProgressStore, progressStore } from "../api/progress-store";
import type { ProgressInfo } from "../api/types";

export interface ProgressOptions {
  /** Called once, with the last snapshot, when the job has ended. */
  onEnd?: (last: ProgressInfo) => void;
  /** Called once when the job cannot be followed at all: not signed in, not allowed, not there. */
  onError?: (problem: Problem) => void;
  /** Where connections are kept; one for the whole page unless a test brings its own. */
  store?: ProgressStore;
}

export interface Progress extends Following {
  /** Follow anew, after a problem that someone has done something about. */
  restart: () => void;
}

/** Follow a job, live. It depends on the job's id alone: what happens to the connection never restarts it. */
export function useProgress(
  jobId: string,
  { onEnd, onError, store = progressStore }: ProgressOptions = {},
): Progress {
  const subscribe = useCallback(
    (changed: () => void) => store.watch(jobId, changed),
    [jobId, store],
  );
  const following = useSyncExternalStore(subscribe, () => store.current(jobId));
  const restart = useCallback(() => store.restart(jobId), [jobId, store]);

  const callbacks = useRef({ onEnd, onError });
  useEffect(() => {
    callbacks.current = { onEnd, onError };
  });
  const last = following.ended ? following.snapshot : null;
  useEffect(() => {
    if (last) callbacks.current.onEnd?.(last);
  }, [last]);
  const { problem } = following;
  useEffect(() => {
    if (problem) callbacks.current.onError?.(problem);
  }, [problem]);

  return { ...following, restart };
}
