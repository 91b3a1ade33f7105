import type { Finding } from "../api/jobs";
import { counted, formatNumber } from "./format";
import { Notice } from "./Notice";

/** Of one kind: who has more to mend sees them again after the first ones. */
const MOST_SHOWN = 100;

/** Kinds of findings in people's words; others are shown by their names. */
const KINDS: Record<string, string> = {
  pin_unavailable: "Pinned to a time that is closed",
  pin_unsuitable: "Pinned to a room that is not suitable",
  pin_two_rooms: "Pinned to two rooms",
  pins_at_once: "Pinned to the same time, but never at once",
  pins_without_rooms: "Pinned to the same time, with too few rooms",
  course_rooms: "No suitable room",
  course_periods: "Too few periods for a course",
  teacher_periods: "Too few periods for a teacher",
  curriculum_periods: "Too few periods for a curriculum",
  clique_periods: "Too few periods for courses that exclude each other",
  room_periods: "Too few periods for a room",
  rooms_periods: "Too few rooms for some courses",
  rooms_lectures: "More lectures than the rooms hold",
  similar_names: "One teacher, or two?",
  fitting_room: "No room is large enough",
  seats: "Too few large rooms",
  working_days: "Not enough working days",
  undesired_times: "Too few times that are liked",
  daily_load: "Days that cannot be balanced",
  isolated_lecture: "A curriculum of one lecture",
  tight_teacher: "Teachers with hardly a period to spare",
  tight_curriculum: "Curricula with hardly a period to spare",
  crowded_periods: "Crowded periods",
  same_curriculum: "Curricula with the same courses",
  empty_curriculum: "Curricula without lectures",
  course_without_lectures: "Courses without lectures",
  unused_room: "Rooms that nobody may use",
};

/** What the data check has found: what rules a timetable out, then warnings, kind by kind. */
export function Findings({ findings }: { findings: Finding[] }) {
  const impossible = findings.filter(({ severity }) => severity === "impossible");
  const warnings = findings.filter(({ severity }) => severity === "warning");
  return (
    <>
      {impossible.length > 0 && (
        <Notice tone="bad" icon="warning" title="No timetable can keep all the hard rules">
          <Kinds findings={impossible} isOpen />
          <p>A run will still find the timetable that comes nearest.</p>
        </Notice>
      )}
      {warnings.length > 0 && (
        <Notice
          tone="warning"
          icon="warning"
          title={counted(warnings.length, "thing to look at", "things to look at")}
        >
          <Kinds findings={warnings} isOpen={false} />
        </Notice>
      )}
    </>
  );
}

function Kinds({ findings, isOpen }: { findings: Finding[]; isOpen: boolean }) {
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) {
    const alike = kinds.get(finding.rule);
    if (alike) alike.push(finding);
    else kinds.set(finding.rule, [finding]);
  }
  return [...kinds].map(([rule, alike]) => (
    <details key={rule} className="findings" open={isOpen}>
      <summary>
        {KINDS[rule] ?? rule.replaceAll("_", " ")}
        {"\u00a0"}
        <span className="quiet">{formatNumber(alike.length)}</span>
      </summary>
      {/* Reached by the keyboard, since a long list has to be scrolled. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls */}
      <ul tabIndex={0} aria-label={KINDS[rule] ?? rule}>
        {alike.slice(0, MOST_SHOWN).map(({ message, repair, least_cost }) => (
          <li key={message}>
            {sentence(message)}
            {least_cost > 0 && ` Costs at least ${formatNumber(least_cost)}.`}
            <span className="quiet"> {sentence(repair)}</span>
          </li>
        ))}
        {alike.length > MOST_SHOWN && <li>and {formatNumber(alike.length - MOST_SHOWN)} more</li>}
      </ul>
    </details>
  ));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
