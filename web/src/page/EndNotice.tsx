import type { ProgressInfo } from "../api/types";
import { Notice } from "../components/Notice";

/** Why a run ended, where it did not end as hoped. */
export function EndNotice({
  snapshot,
  isTimetable,
}: {
  snapshot: ProgressInfo;
  isTimetable: boolean;
}) {
  const { status, metadata } = snapshot;
  if (status === "failed") {
    return (
      <Notice tone="bad" icon="warning" title="The run failed">
        {metadata.error ? (
          <p className="reason">{metadata.error}</p>
        ) : (
          <p>No reason is known. Start it again; if it fails again, ask an administrator.</p>
        )}
      </Notice>
    );
  }
  if (status === "cancelled") {
    return (
      <Notice icon="cross" title="The run was cancelled">
        <p>
          {isTimetable
            ? "The best timetable up to then is kept, if there was one."
            : "It was ended before it was done."}
        </p>
      </Notice>
    );
  }
  if (status === "timeout") {
    return (
      <Notice tone="warning" icon="clock" title="The run was out of time">
        <p>
          It was stopped from outside before it was done. Start it again with a shorter time limit,
          or ask who runs the service.
        </p>
      </Notice>
    );
  }
  return null;
}
