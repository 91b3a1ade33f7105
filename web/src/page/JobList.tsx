import { useCallback, useRef } from "react";
import { type Job, jobName, listJobs } from "../api/jobs";
import { isBare, isEnd } from "../api/types";
import { formatMoment, formatNumber, formatPercent, timesBroken } from "../components/format";
import { Notice, ProblemNotice } from "../components/Notice";
import { ProgressBar } from "../components/ProgressBar";
import { rulesWords } from "../components/rules";
import { StatusChip } from "../components/StatusChip";
import { useSession } from "../hooks/session";
import { useRepeat } from "../hooks/useRepeat";
import { useResource } from "../hooks/useResource";
import { Link } from "./Link";
import { pathOf } from "./route";

const PAGE = 20;
const BUSY_MS = 5_000;
const QUIET_MS = 30_000;
const GIVEN_UP_MS = 60_000;

/** One's own runs, newest first. */
export function JobList() {
  const { session } = useSession();
  // Not a state: the list that is there stays until the longer one comes.
  const most = useRef(PAGE);
  const { data, problem, loading, reload } = useResource(
    useCallback((signal: AbortSignal) => {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(GIVEN_UP_MS)]);
      return listJobs(most.current, patience);
    }, []),
  );
  const jobs = data?.jobs ?? [];
  // A reload takes the place of one that is on its way: on a slow line none would ever arrive.
  useRepeat(
    () => {
      if (!loading) reload();
    },
    jobs.some((job) => !isEnd(job.status)) ? BUSY_MS : QUIET_MS,
  );

  return (
    <section className="jobs" aria-labelledby="jobs-title">
      <h2 id="jobs-title">{session?.is_admin ? "All timetables" : "Your timetables"}</h2>
      {problem && problem.status !== 401 && data !== null && (
        <Notice tone="warning" icon="cloud" title="This list may be out of date">
          <p>{problem.title}. The page keeps trying.</p>
        </Notice>
      )}
      {problem && (data === null || problem.status === 401) && (
        <ProblemNotice problem={problem} retry={reload} />
      )}
      {!problem && data === null && <Skeleton />}
      {data !== null && jobs.length === 0 && (
        <Notice icon="calendar" title="No timetables yet">
          <p>Choose your data and start the first one. It will be listed here while it runs.</p>
        </Notice>
      )}
      <ul className="job-list">
        {jobs.map((job) => (
          <JobRow key={job.job_id} job={job} showOwner={session?.is_admin ?? false} />
        ))}
      </ul>
      {data !== null && jobs.length < data.total && (
        <button
          type="button"
          onClick={() => {
            most.current = jobs.length + PAGE;
            reload();
          }}
        >
          Show more ({formatNumber(data.total - jobs.length)})
        </button>
      )}
    </section>
  );
}

function JobRow({ job, showOwner }: { job: Job; showOwner: boolean }) {
  const percent = job.progress?.overall_progress ?? 0;
  const said = formatPercent(percent, job.status);
  const begun = job.started_at ?? job.created_at;
  const facts = [
    rulesWords(job.parameters),
    begun !== null && formatMoment(begun),
    showOwner && job.owner,
  ].filter(Boolean);
  const outcome = isEnd(job.status) ? outcomeWords(job) : "";
  return (
    <li className="job-row">
      <div className="job-row-head">
        <Link to={pathOf(job.job_id)} className="job-name">
          {jobName(job)}
        </Link>
        <StatusChip status={job.status} />
      </div>
      <p className="quiet">{facts.join(" · ")}</p>
      {!isEnd(job.status) && !(job.progress && isBare(job.progress)) && (
        <div className="job-row-progress">
          <ProgressBar
            label={`Progress of ${jobName(job)}`}
            percent={percent}
            text={said}
            kind="small"
          />
          <span>{said}</span>
        </div>
      )}
      {outcome && <p className="job-result">{outcome}</p>}
    </li>
  );
}

/** What came of a run that has ended, in a line. */
function outcomeWords({ status, progress, result }: Job): string {
  if (status === "failed") return progress?.metadata.error ?? "";
  if (!result) return "";
  const { cost, violations } = result;
  if (violations > 0) return `Cost ${formatNumber(cost)}, ${timesBroken(violations)}`;
  return `Cost ${formatNumber(cost)}, every hard rule kept`;
}

function Skeleton() {
  return (
    <div role="status">
      <span className="for-ears">Loading the list</span>
      <div className="skeleton" />
      <div className="skeleton" />
      <div className="skeleton" />
    </div>
  );
}
