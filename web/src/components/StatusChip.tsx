import type { Status } from "../api/types";
import { statusWord } from "./format";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<Status, IconName> = {
  queued: "clock",
  initializing: "clock",
  running: "next",
  completed: "check",
  failed: "warning",
  cancelled: "cross",
  timeout: "clock",
};

interface StatusChipProps {
  status: Status;
  /** Whether nothing is heard of the run: what it said last may no longer be true. */
  lost?: boolean;
}

export function StatusChip({ status, lost = false }: StatusChipProps) {
  return (
    <span className={`chip chip-${lost ? "lost" : status}`}>
      <Icon name={lost ? "question" : (ICONS[status] ?? "question")} />
      {lost ? "Silent" : statusWord(status)}
    </span>
  );
}
