import { isEnd, type ProgressInfo } from "../api/types";
import { Icon } from "./Icon";

type Standing = "done" | "current" | "waiting" | "stopped";

function standing(index: number, current: number, snapshot: ProgressInfo): Standing {
  if (snapshot.status === "completed" || index < current) return "done";
  if (index > current || snapshot.status === "queued") return "waiting";
  return isEnd(snapshot.status) ? "stopped" : "current";
}

const SAID: Record<Standing, string> = {
  done: "done",
  current: "in work",
  waiting: "to come",
  stopped: "stopped here",
};

/** The stages in the order they run, and which of them is in work. */
export function StageRow({ snapshot }: { snapshot: ProgressInfo }) {
  const stages = snapshot.stages ?? [];
  const current = stages.findIndex((stage) => stage.id === snapshot.stage);
  return (
    <ol className="stages" aria-label="Stages">
      {stages.map((stage, index) => {
        const state = standing(index, current, snapshot);
        return (
          <li
            key={stage.id}
            className={`stage stage-${state}`}
            aria-current={state === "current" ? "step" : undefined}
          >
            <span className="stage-mark">
              {state === "done" && <Icon name="check" />}
              {state === "stopped" && <Icon name="cross" />}
            </span>
            <span className="stage-label">{stage.label}</span>
            <span className="for-ears">, {SAID[state]}</span>
          </li>
        );
      })}
    </ol>
  );
}
