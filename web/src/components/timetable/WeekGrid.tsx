import { type KeyboardEvent, useRef } from "react";
import type { Timetable } from "../../api/timetable";
import { dayName } from "../format";
import { breaksHardRule, type Entry, neighbour, type View } from "./views";

interface WeekGridProps {
  timetable: Timetable;
  view: View;
  entry: Entry;
  selected: number | null;
  onSelect: (place: number) => void;
}

/** The week of one room, teacher or curriculum: days across, periods down. */
export function WeekGrid({ timetable, view, entry, selected, onSelect }: WeekGridProps) {
  const table = useRef<HTMLTableElement>(null);
  const lectures = entry.lectures.flatMap((place) => {
    const lecture = timetable.lectures[place];
    return lecture ? [{ place, ...lecture }] : [];
  });
  const days = Array.from({ length: timetable.num_days }, (_, day) => day);
  const periods = Array.from({ length: timetable.periods_per_day }, (_, period) => period);

  const move = (event: KeyboardEvent, from: (typeof lectures)[number]) => {
    const to = neighbour(lectures, from, event.key);
    if (to === null) return;
    event.preventDefault();
    table.current?.querySelector<HTMLElement>(`[data-place="${to}"]`)?.focus();
  };

  return (
    <section className="grid-frame" aria-label={`Week of ${entry.name}`}>
      <table className="grid" ref={table}>
        <caption className="for-ears">
          Week of {entry.name}. Arrow keys move between lectures; Enter shows what one costs.
        </caption>
        <thead>
          <tr>
            <td className="grid-corner" />
            {days.map((day) => (
              <th key={day} scope="col">
                <abbr title={dayName(day, "long")}>{dayName(day)}</abbr>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {periods.map((period) => (
            <tr key={period}>
              <th scope="row">{period + 1}</th>
              {days.map((day) => (
                <td key={day}>
                  {lectures
                    .filter((lecture) => lecture.day === day && lecture.period === period)
                    .map((lecture) => (
                      <LectureButton
                        key={lecture.place}
                        timetable={timetable}
                        view={view}
                        lecture={lecture}
                        isSelected={lecture.place === selected}
                        onSelect={() => onSelect(lecture.place)}
                        onKeyDown={(event) => move(event, lecture)}
                      />
                    ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface LectureButtonProps {
  timetable: Timetable;
  view: View;
  lecture: Timetable["lectures"][number] & { place: number };
  isSelected: boolean;
  onSelect: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function LectureButton({ timetable, view, lecture, ...button }: LectureButtonProps) {
  const course = timetable.courses[lecture.course];
  const room = timetable.rooms[lecture.room];
  const isBroken = breaksHardRule(lecture.reasons);
  const standing = isBroken ? "broken" : lecture.cost > 0 ? "costly" : "fine";
  const beside = view === "room" ? course?.teacher : room?.id;
  return (
    <button
      type="button"
      className={`lecture lecture-${standing}`}
      data-place={lecture.place}
      aria-pressed={button.isSelected}
      onClick={button.onSelect}
      onKeyDown={button.onKeyDown}
    >
      <span className="lecture-course">{course?.id}</span>
      <span className="lecture-beside">{beside}</span>
      {standing !== "fine" && (
        <>
          <span className="for-ears">
            , {isBroken ? "breaks a hard rule" : `costs ${lecture.cost}`}
          </span>
          <span className="lecture-cost" aria-hidden="true">
            {isBroken ? "!" : lecture.cost}
          </span>
        </>
      )}
    </button>
  );
}
