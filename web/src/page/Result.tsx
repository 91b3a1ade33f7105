import { useCallback } from "react";
import type { Point } from "../api/curve";
import { getTimetable, type Job, listFiles } from "../api/jobs";
import type { ProgressInfo } from "../api/types";
import { CostChart } from "../components/CostChart";
import { Downloads } from "../components/Downloads";
import { formatDuration, formatNumber } from "../components/format";
import { Notice, ProblemNotice } from "../components/Notice";
import { Penalties } from "../components/Penalties";
import { TimetableView } from "../components/timetable/TimetableView";
import { useResource } from "../hooks/useResource";
import { Tile } from "./CostCard";

interface ResultProps {
  jobId: string;
  job: Job | null;
  snapshot: ProgressInfo;
  points: Point[];
}

/** What came of a run: the timetable, what it costs and why, how it was found, and the files. */
export function Result({ jobId, job, snapshot, points }: ResultProps) {
  const timetable = useResource(
    useCallback((signal: AbortSignal) => getTimetable(jobId, signal), [jobId]),
  );
  const files = useResource(
    useCallback((signal: AbortSignal) => listFiles(jobId, signal), [jobId]),
  );
  const began = job?.started_at ?? snapshot.started_at;
  const seconds = (job?.ended_at ?? snapshot.last_updated) - began;

  if (timetable.problem) {
    const isNone = timetable.problem.status === 404;
    if (!isNone) return <ProblemNotice problem={timetable.problem} retry={timetable.reload} />;
    return (
      <Notice
        icon="calendar"
        title="No timetable came out of this run"
        actions={
          <button type="button" onClick={timetable.reload}>
            Look again
          </button>
        }
      >
        <p>It ended before there was one to keep.</p>
      </Notice>
    );
  }
  if (timetable.data === null) {
    return (
      <div className="card" role="status">
        <span className="for-ears">Loading the timetable</span>
        <div className="skeleton skeleton-tall" />
      </div>
    );
  }
  const { cost, violations, bound, penalties } = timetable.data;
  return (
    <div className="result">
      <dl className="tiles">
        <Tile name="Cost" value={formatNumber(cost)} />
        <Tile name="Hard rules broken" value={formatNumber(violations)} bad={violations > 0} />
        {bound !== null && <Tile name="No timetable costs less than" value={formatNumber(bound)} />}
        <Tile name="Time" value={formatDuration(seconds)} />
      </dl>
      {bound !== null && violations === 0 && cost === bound && (
        <Notice tone="good" icon="check" title="There is no better timetable">
          <p>It is proven that none costs less.</p>
        </Notice>
      )}
      <section className="card" aria-labelledby="timetable-title">
        <h2 id="timetable-title">Timetable</h2>
        <TimetableView timetable={timetable.data} jobId={jobId} />
      </section>
      <div className="result-columns">
        <section className="card" aria-labelledby="penalties-title">
          <h2 id="penalties-title">What it costs</h2>
          <Penalties penalties={penalties} />
        </section>
        <div className="result-side">
          <section className="card" aria-labelledby="curve-title">
            <h2 id="curve-title">Cost over time</h2>
            <CostChart points={points} seconds={seconds} />
          </section>
          <section className="card" aria-labelledby="downloads-title">
            <h2 id="downloads-title">Downloads</h2>
            {files.problem ? (
              <ProblemNotice problem={files.problem} retry={files.reload} />
            ) : (
              files.data && <Downloads files={files.data} />
            )}
          </section>
        </div>
      </div>
    </div>
  );
}
