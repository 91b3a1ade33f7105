import { type ReactNode, useEffect } from "react";
import type { Problem } from "../api/http";
import { useSession } from "../hooks/session";
import { Icon, type IconName } from "./Icon";

type Tone = "calm" | "good" | "warning" | "bad";

interface NoticeProps {
  tone?: Tone;
  icon: IconName;
  title: string;
  children?: ReactNode;
  /** What one can do about it. */
  actions?: ReactNode;
}

/** Says how things are, where there is nothing else to show or something has to be known. */
export function Notice({ tone = "calm", icon, title, children, actions }: NoticeProps) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <span className="notice-icon">
        <Icon name={icon} />
      </span>
      <div className="notice-words">
        <p className="notice-title">{title}</p>
        {children}
        {actions && <div className="actions">{actions}</div>}
      </div>
    </div>
  );
}

/** What went wrong, in words that help. */
export function ProblemNotice({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const { expire } = useSession();
  const isSignedOut = problem.status === 401;
  useEffect(() => {
    if (isSignedOut) expire();
  }, [isSignedOut, expire]);
  const again = retry && (
    <button type="button" onClick={retry}>
      Try again
    </button>
  );
  if (problem.status === 0) {
    return (
      <Notice tone="bad" icon="cloud" title={problem.title} actions={again}>
        <p>Check the connection; nothing that runs is affected by it.</p>
      </Notice>
    );
  }
  if (problem.status === 403) {
    return (
      <Notice tone="bad" icon="lock" title="This is not yours to see">
        <p>It belongs to someone else. An administrator, or its owner, can open it.</p>
      </Notice>
    );
  }
  if (problem.status === 404) {
    return (
      <Notice tone="warning" icon="question" title="There is nothing here">
        <p>The address may be mistyped, or what was here has been cleared away.</p>
      </Notice>
    );
  }
  if (problem.status === 429) {
    return (
      <Notice tone="warning" icon="clock" title="That was a lot at once" actions={again}>
        <p>{problem.detail || "Wait a moment, then try again."}</p>
      </Notice>
    );
  }
  return (
    <Notice tone="bad" icon="warning" title={problem.title} actions={again}>
      {problem.detail && <p>{problem.detail}</p>}
    </Notice>
  );
}
