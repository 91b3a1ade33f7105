import { useState } from "react";
import { Problem } from "../api/http";
import { cancelJob, finishJob } from "../api/jobs";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { ProblemNotice } from "../components/Notice";

type Wish = "finish" | "cancel";

interface JobActionsProps {
  jobId: string;
  isTimetable: boolean;
  canFinish: boolean;
}

/** Ends a run: now, with the best so far, or for good. */
export function JobActions({ jobId, isTimetable, canFinish }: JobActionsProps) {
  const [asked, setAsked] = useState<Wish | null>(null);
  const [confirming, setConfirming] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const ask = async (wish: Wish) => {
    setAsked(wish);
    setProblem(null);
    try {
      await (wish === "finish" ? finishJob(jobId) : cancelJob(jobId));
    } catch (error) {
      setAsked(null);
      const isOver = error instanceof Problem && error.status === 409;
      if (isOver) return;
      setProblem(error instanceof Problem ? error : new Problem(0, "The answer cannot be read"));
    }
  };

  // `disabled` would take the focus from the button that was just pressed.
  return (
    <div className="job-actions">
      {problem && <ProblemNotice problem={problem} />}
      <div className="actions">
        {canFinish && (
          <button
            type="button"
            className="primary"
            aria-disabled={asked !== null}
            onClick={() => asked === null && ask("finish")}
          >
            {asked === "finish" ? "Finishing …" : "Finish now"}
          </button>
        )}
        <button
          type="button"
          aria-disabled={asked === "cancel"}
          onClick={() => asked !== "cancel" && setConfirming(true)}
        >
          {asked === "cancel" ? "Cancelling …" : "Cancel"}
        </button>
        <p className="quiet" role="status">
          {asked === "finish" &&
            (isTimetable
              ? "The search stops; the best timetable so far is published."
              : "The run was asked to end with what it has.")}
          {asked === "cancel" &&
            (isTimetable ? "The run stops within a few seconds." : "The run was asked to stop.")}
          {asked === null &&
            canFinish &&
            (isTimetable
              ? "“Finish now” stops searching and publishes the best timetable so far."
              : "“Finish now” asks the run to end with what it has.")}
        </p>
      </div>
      {confirming && (
        <ConfirmDialog
          title="Cancel this run?"
          confirm="Cancel the run"
          refuse="Let it run"
          onConfirm={() => ask("cancel")}
          onClose={() => setConfirming(false)}
        >
          {canFinish ? (
            <p>
              It stops and counts as cancelled{isTimetable && "; the best timetable so far is kept"}
              . To end it early and have it count, choose “Finish now” instead.
            </p>
          ) : (
            <p>It counts as cancelled, and cannot be taken up again.</p>
          )}
        </ConfirmDialog>
      )}
    </div>
  );
}
