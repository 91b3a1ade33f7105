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

export function StatusChip({ status }: { status: Status }) {
  return (
    <span className={`chip chip-${status}`}>
      <Icon name={ICONS[status] ?? "question"} />
      {statusWord(status)}
    </span>
  );
}
