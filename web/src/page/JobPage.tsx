import { useCallback } from "react";
import { getJob, type Job, jobName } from "../api/jobs";
import { isBare, isEnd, type ProgressInfo } from "../api/types";
import { formatDuration, formatMoment, formatPercent } from "../components/format";
import { Icon } from "../components/Icon";
import { Notice, ProblemNotice } from "../components/Notice";
import { rulesWords } from "../components/rules";
import { StatusChip } from "../components/StatusChip";
import { useCostCurve } from "../hooks/useCostCurve";
import { usePageTitle } from "../hooks/usePageTitle";
import { useProgress } from "../hooks/useProgress";
import { useResource } from "../hooks/useResource";
import { CostCard } from "./CostCard";
import { EndNotice } from "./EndNotice";
import { Link } from "./Link";
import { ProgressCard } from "./ProgressCard";
import { Result } from "./Result";

/** The stage by which a run that makes a timetable is known: any other flow that is tracked has this page as well. */
const TIMETABLES_OWN = "cpsat_solving";

/** One run: how far it is, and in the end what came of it. */
export function JobPage({ jobId }: { jobId: string }) {
  const {
    data: job,
    problem,
    reload,
  } = useResource(useCallback((signal: AbortSignal) => getJob(jobId, signal), [jobId]));
  const progress = useProgress(jobId, { onEnd: reload });
  const snapshot = progress.snapshot ?? job?.progress ?? null;
  const points = useCostCurve(jobId, snapshot);
  const name = job ? jobName(job) : "Timetable";
  const isTimetable = snapshot?.stages?.some(({ id }) => id === TIMETABLES_OWN) ?? true;
  usePageTitle(titleOf(name, snapshot));

  const refused = progress.problem ?? (problem?.isFinal ? problem : null);
  if (refused) {
    return (
      <>
        <Back />
        <ProblemNotice problem={refused} isPage />
      </>
    );
  }
  const again = () => {
    reload();
    progress.restart();
  };
  return (
    <>
      <Back />
      <div className="job-head">
        <h1>{name}</h1>
        {snapshot && <StatusChip status={snapshot.status} lost={progress.lost} />}
      </div>
      {job && <Facts job={job} />}
      {!snapshot && progress.connection !== "disconnected" && <Skeleton />}
      {!snapshot && progress.connection === "disconnected" && (
        <Notice
          tone="bad"
          icon="cloud"
          title="The service cannot be reached"
          actions={
            <button type="button" onClick={again}>
              Try again
            </button>
          }
        >
          <p>The run goes on without this page. The page keeps trying.</p>
        </Notice>
      )}
      {snapshot && (
        <>
          {isEnd(snapshot.status) && <EndNotice snapshot={snapshot} isTimetable={isTimetable} />}
          <ProgressCard
            key={snapshot.run_id}
            jobId={jobId}
            isTimetable={isTimetable}
            snapshot={snapshot}
            following={progress}
          />
          {isTimetable && isEnd(snapshot.status) && (
            <Result jobId={jobId} job={job} snapshot={snapshot} points={points} />
          )}
          {isTimetable && !isEnd(snapshot.status) && snapshot.status !== "queued" && (
            <CostCard snapshot={snapshot} points={points} />
          )}
        </>
      )}
    </>
  );
}

function titleOf(name: string, snapshot: ProgressInfo | null): string {
  if (!snapshot || isEnd(snapshot.status) || isBare(snapshot)) return name;
  return `${formatPercent(snapshot.overall_progress, snapshot.status)} ${name}`;
}

function Back() {
  return (
    <nav className="back" aria-label="Back">
      <Link to="/">
        <Icon name="arrow" /> All timetables
      </Link>
    </nav>
  );
}

function Facts({ job }: { job: Job }) {
  const { time_limit_seconds: limit } = job.parameters;
  const facts = [
    rulesWords(job.parameters),
    limit && `at most ${formatDuration(limit)}`,
    job.started_at !== null && `started ${formatMoment(job.started_at)}`,
    job.owner && `by ${job.owner}`,
  ].filter(Boolean);
  return <p className="quiet facts-line">{facts.join(" · ")}</p>;
}

function Skeleton() {
  return (
    <div className="card" role="status">
      <span className="for-ears">Loading</span>
      <div className="skeleton" />
      <div className="skeleton skeleton-tall" />
    </div>
  );
}
