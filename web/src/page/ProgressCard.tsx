import type { Following } from "../api/follower";
import { getStageLabel } from "../api/stages";
import { isBare, isEnd, type ProgressInfo } from "../api/types";
import { Announcer } from "../components/Announcer";
import { ConnectionSign } from "../components/ConnectionSign";
import {
  formatDuration,
  formatDurationRange,
  formatNumber,
  formatPercent,
  roughly,
  statusWord,
} from "../components/format";
import { Notice } from "../components/Notice";
import { ProgressBar } from "../components/ProgressBar";
import { StageRow } from "../components/StageRow";
import { TimeLeft } from "../components/TimeLeft";
import { useSmoothProgress } from "../hooks/useSmoothProgress";
import { JobActions } from "./JobActions";

interface ProgressCardProps {
  jobId: string;
  isTimetable: boolean;
  snapshot: ProgressInfo;
  following: Following;
}

/** How far a run is, how long it will take, and what one can do about it. */
export function ProgressCard({ jobId, isTimetable, snapshot, following }: ProgressCardProps) {
  const percent = useSmoothProgress(snapshot.overall_progress);
  const { status } = snapshot;
  const ended = isEnd(status);
  const bare = isBare(snapshot);
  // "Live" would be true of the connection, and said of the run.
  const isSilent = following.lost && following.connection === "live";
  return (
    <section
      className={ended ? "card progress progress-ended" : "card progress"}
      aria-label="Progress"
    >
      <div className="progress-head">
        {!bare && (
          <p className="percent">{formatPercent(percent, percent >= 100 ? status : "running")}</p>
        )}
        <div className="progress-words">
          <p className="stage-name">{headline(snapshot, isTimetable)}</p>
          {ended ? (
            <p className="time-left">
              after {formatDuration(snapshot.last_updated - snapshot.started_at)}
            </p>
          ) : (
            status !== "queued" && !following.lost && <TimeLeft snapshot={snapshot} />
          )}
        </div>
        {!ended && !isSilent && <ConnectionSign connection={following.connection} />}
      </div>
      {!bare && (
        <ProgressBar
          kind="overall"
          label="Overall progress"
          percent={percent}
          text={spoken(snapshot, isTimetable)}
          ticks={ended ? [] : (snapshot.stages ?? []).map((stage) => stage.end)}
        />
      )}
      <Announcer snapshot={snapshot} />
      {!ended && <Standing snapshot={snapshot} isTimetable={isTimetable} following={following} />}
      {!ended && !bare && status !== "queued" && (
        <StageProgress key={snapshot.stage} snapshot={snapshot} />
      )}
      {!bare && status !== "completed" && <StageRow snapshot={snapshot} />}
      {!ended && (
        <JobActions
          jobId={jobId}
          isTimetable={isTimetable}
          canFinish={status !== "queued" && !following.lost}
        />
      )}
    </section>
  );
}

/** The stage in work, counted in what it does. */
function StageProgress({ snapshot }: { snapshot: ProgressInfo }) {
  const percent = useSmoothProgress(snapshot.stage_progress);
  const { completed_items: completed, total_items: total } = snapshot.metadata;
  const said = formatPercent(percent);
  return (
    <div className="stage-progress">
      <ProgressBar label="Progress of this stage" percent={percent} text={said} />
      <p className="quiet">
        This stage: {said}
        {typeof completed === "number" &&
          typeof total === "number" &&
          total > 1 &&
          `, ${formatNumber(completed)} of ${formatNumber(total)} parts`}
      </p>
    </div>
  );
}

/** What is out of the ordinary about a run that has not ended. */
function Standing({ snapshot, isTimetable, following }: Omit<ProgressCardProps, "jobId">) {
  if (following.lost) {
    return (
      <Notice tone="warning" icon="question" title="This run has gone silent">
        <p>
          Nothing has been heard of it for a while.
          {isTimetable && " If it does not come back, it will be marked as failed."}
        </p>
      </Notice>
    );
  }
  if (following.connection === "disconnected") {
    return (
      <Notice tone="warning" icon="cloud" title="No news gets through at the moment">
        <p>The run goes on without this page. What you see is the last that is known.</p>
      </Notice>
    );
  }
  if (snapshot.status === "queued") {
    // The service says what is waited for; a job that speaks for itself speaks of its algorithms.
    const reason = snapshot.seq === 0 && snapshot.message;
    return (
      <Notice icon="clock" title="Waiting for its turn">
        <p>
          {reason && `${reason}. `}
          It starts by itself as soon as there is room. You can close this page.
        </p>
      </Notice>
    );
  }
  if (snapshot.stalled) {
    return (
      <Notice icon="clock" title="This part takes longer than usual">
        <p>
          The run is alive and works on.
          {isTimetable && " “Finish now” keeps the best timetable so far."}
        </p>
      </Notice>
    );
  }
  return null;
}

function headline(snapshot: ProgressInfo, isTimetable: boolean): string {
  if (isBare(snapshot)) return statusWord(snapshot.status);
  switch (snapshot.status) {
    case "queued":
      return "Waiting to start";
    case "initializing":
      return "Starting";
    case "completed":
      return isTimetable ? "The timetable is ready" : "Done";
    case "failed":
    case "cancelled":
    case "timeout":
      return `Stopped at: ${snapshot.stage_label || getStageLabel(snapshot.stage)}`;
    default:
      return snapshot.stage_label || getStageLabel(snapshot.stage);
  }
}

function spoken(snapshot: ProgressInfo, isTimetable: boolean): string {
  const { eta_seconds: left, eta_low_seconds: low, eta_high_seconds: high, status } = snapshot;
  const parts = [formatPercent(snapshot.overall_progress, status), headline(snapshot, isTimetable)];
  if (!isEnd(status) && left) {
    parts.push(`about ${formatDuration(roughly(left), "long")} left`);
    if (low !== null && high !== null && high > low) {
      parts.push(`likely ${formatDurationRange(low, high, "long")}`);
    }
  }
  return parts.join(", ");
}
