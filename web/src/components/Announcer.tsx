import { useEffect, useRef, useState } from "react";
import { getStageLabel } from "../api/stages";
import { isBare, isEnd, type ProgressInfo } from "../api/types";
import { formatDuration, formatPercent, roughly, statusWord } from "./format";

/** What has been said, so that it is not said again. */
export interface Said {
  /** Null where it has not begun. */
  stage: string | null;
  tens: number;
  ended: boolean;
}

/** What to say aloud at a snapshot: at each change of stage, every 10 %, and at the end; else nothing. */
export function announcement(said: Said | null, snapshot: ProgressInfo): string {
  const { status, overall_progress: percent, eta_seconds: left } = snapshot;
  if (isEnd(status)) return said?.ended ? "" : `${statusWord(status)}.`;
  if (isBare(snapshot)) return "";
  const stage = stageOf(snapshot);
  if (said === null || said.stage !== stage) {
    if (stage === null) return "Waiting to start.";
    return `${snapshot.stage_label || getStageLabel(stage)}. ${formatPercent(percent)} done.`;
  }
  if (Math.floor(percent / 10) <= said.tens) return "";
  const time = left ? ` About ${formatDuration(roughly(left), "long")} left.` : "";
  return `${formatPercent(percent)} done.${time}`;
}

function stageOf({ status, stage }: ProgressInfo): string | null {
  return status === "queued" ? null : stage;
}

function saidBy(snapshot: ProgressInfo): Said {
  return {
    stage: stageOf(snapshot),
    tens: Math.floor(snapshot.overall_progress / 10),
    ended: isEnd(snapshot.status),
  };
}

/** Speaks to those who listen, politely, and not at every change. */
export function Announcer({ snapshot }: { snapshot: ProgressInfo }) {
  const said = useRef<Said | null>(null);
  const [text, setText] = useState("");
  useEffect(() => {
    const news = announcement(said.current, snapshot);
    if (!news) return;
    said.current = saidBy(snapshot);
    setText(news);
  }, [snapshot]);
  return (
    <p className="for-ears" aria-live="polite" data-testid="announcer">
      {text}
    </p>
  );
}
