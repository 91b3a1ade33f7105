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
  /** Whether it is all there is on the page: its title is the page's then. */
  isPage?: boolean;
}

/** Says how things are, where there is nothing else to show or something has to be known. */
export function Notice(props: NoticeProps) {
  const { tone = "calm", icon, title, children, actions, isPage = false } = props;
  const Title = isPage ? "h1" : "p";
  const place = isPage ? " notice-page" : "";
  return (
    <div className={`notice notice-${tone}${place}`} role={tone === "bad" ? "alert" : "status"}>
      <span className="notice-icon">
        <Icon name={icon} />
      </span>
      <div className="notice-words">
        <Title className="notice-title">{title}</Title>
        {children}
        {actions && <div className="actions">{actions}</div>}
      </div>
    </div>
  );
}

interface ProblemNoticeProps {
  problem: Problem;
  retry?: () => void;
  isPage?: boolean;
}

/** What went wrong, in words that help. */
export function ProblemNotice({ problem, retry, isPage }: ProblemNoticeProps) {
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
      <Notice isPage={isPage} tone="bad" icon="cloud" title={problem.title} actions={again}>
        <p>{problem.detail || "Check the connection. Runs go on without this page."}</p>
      </Notice>
    );
  }
  if (problem.status === 403) {
    return (
      <Notice isPage={isPage} tone="bad" icon="lock" title="This is not yours to see">
        <p>It belongs to someone else. An administrator, or its owner, can open it.</p>
      </Notice>
    );
  }
  if (problem.status === 404) {
    return (
      <Notice isPage={isPage} tone="warning" icon="question" title="There is nothing here">
        <p>The address may be mistyped, or what was here has been cleared away.</p>
      </Notice>
    );
  }
  if (problem.status === 429) {
    return (
      <Notice
        isPage={isPage}
        tone="warning"
        icon="clock"
        title="That was a lot at once"
        actions={again}
      >
        <p>{problem.detail || "Wait a moment, then try again."}</p>
      </Notice>
    );
  }
  return (
    <Notice isPage={isPage} tone="bad" icon="warning" title={problem.title} actions={again}>
      {problem.detail && <p>{problem.detail}</p>}
    </Notice>
  );
}
