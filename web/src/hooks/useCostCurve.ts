import { useCallback, useEffect, useMemo, useState } from "react";
import { joined, type Point, parseCurve, pointOf, withPoint } from "../api/curve";
import { getCurve } from "../api/jobs";
import { isEnd, type ProgressInfo } from "../api/types";
import { useResource } from "./useResource";

/** The cost found so far: what the job has written down, and what was seen of it since. */
export function useCostCurve(jobId: string, snapshot: ProgressInfo | null): Point[] {
  const [seen, setSeen] = useState<{ run: string; points: Point[] }>({ run: "", points: [] });
  useEffect(() => {
    if (!snapshot) return;
    setSeen((before) => {
      const points = before.run === snapshot.run_id ? before.points : [];
      const longer = withPoint(points, pointOf(snapshot));
      return longer === before.points ? before : { run: snapshot.run_id, points: longer };
    });
  }, [snapshot]);

  // Once at the start, for what was missed, and once at the end, when the file is whole.
  const ended = snapshot !== null && isEnd(snapshot.status);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end is a reason to read it again
  const load = useCallback(
    async (signal: AbortSignal) => parseCurve(await getCurve(jobId, signal)),
    [jobId, ended],
  );
  const { data: past } = useResource(load);
  return useMemo(() => joined(past ?? [], seen.points), [past, seen]);
}
