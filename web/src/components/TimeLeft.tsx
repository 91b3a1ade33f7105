import type { ProgressInfo } from "../api/types";
import { useSmoothedETA } from "../hooks/useSmoothedETA";
import { formatDuration, formatDurationRange, roughly } from "./format";

/** Time left, and the range it should lie in nine times of ten. */
export function TimeLeft({ snapshot }: { snapshot: ProgressInfo }) {
  const seconds = useSmoothedETA(snapshot.eta_seconds);
  const { eta_low_seconds: low, eta_high_seconds: high } = snapshot;
  if (seconds === null) return <p className="time-left">Time left: not known yet</p>;
  return (
    <p className="time-left">
      <strong>{formatDuration(roughly(seconds))}</strong> left
      {low !== null && high !== null && high > low && (
        <>
          {" · "}
          <span className="time-range">likely {formatDurationRange(low, high)}</span>
        </>
      )}
    </p>
  );
}
