import { useCallback, useEffect, useState } from "react";
import { Problem } from "../api/http";

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  loading: boolean;
  reload: () => void;
}

/**
 * What the service answers, once.
 *
 * @param load asks for it; null asks for nothing. Another function asks again, so keep it with `useCallback`
 */
export function useResource<T>(load: ((signal: AbortSignal) => Promise<T>) | null): Resource<T> {
  const [turn, setTurn] = useState(0);
  const [answer, setAnswer] = useState<{
    of: typeof load;
    data: T | null;
    problem: Problem | null;
    turn: number;
  } | null>(null);

  useEffect(() => {
    if (load === null) return;
    const abort = new AbortController();
    load(abort.signal).then(
      (data) => {
        // Not every question can be called off, and an old answer must not take the place of the new one.
        if (!abort.signal.aborted) setAnswer({ of: load, data, problem: null, turn });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const problem =
          error instanceof Problem ? error : new Problem(0, "The answer cannot be read");
        // What was there before still says more than nothing.
        setAnswer((before) => ({
          of: load,
          data: before?.of === load ? before.data : null,
          problem,
          turn,
        }));
      },
    );
    return () => abort.abort();
  }, [load, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const current = answer?.of === load ? answer : null;
  return {
    data: current?.data ?? null,
    problem: current?.problem ?? null,
    loading: load !== null && current?.turn !== turn,
    reload,
  };
}
