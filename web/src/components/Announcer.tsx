import { useEffect, useRef, useState } from "react";
import { getStageLabel } from "../api/stages";
import { isEnd, type ProgressInfo } from "../api/types";
import { formatDuration, formatPercent, roughly, statusWord } from "./format";

/** What has been said, so that it is not said again. */
export interface Said {
  stage: string;
  tens: number;
  ended: boolean;
}

/** What to say aloud at a snapshot: at each change of stage, every 10 %, and at the end; else nothing. */
export function announcement(said: Said | null, snapshot: ProgressInfo): string {
  const { status, stage, overall_progress: percent, eta_seconds: left } = snapshot;
  if (isEnd(status)) return said?.ended ? "" : `${statusWord(status)}.`;
  const label = snapshot.stage_label || getStageLabel(stage);
  if (said === null || said.stage !== stage) return `${label}. ${formatPercent(percent)} done.`;
  if (Math.floor(percent / 10) <= said.tens) return "";
  const time = left ? ` About ${formatDuration(roughly(left), "long")} left.` : "";
  return `${formatPercent(percent)} done.${time}`;
}

function saidBy(snapshot: ProgressInfo): Said {
  return {
    stage: snapshot.stage,
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
