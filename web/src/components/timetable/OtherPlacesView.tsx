import { type KeyboardEvent, useCallback, useRef, useState } from "react";
import { getPlaces } from "../../api/jobs";
import type { OtherPlaces, PeriodPlaces, RoomPlace } from "../../api/places";
import type { Timetable } from "../../api/timetable";
import { useResource } from "../../hooks/useResource";
import { dayName, formatChange } from "../format";
import { ProblemNotice } from "../Notice";
import { PlacesOfPeriod } from "./PlacesOfPeriod";
import { neighbour } from "./views";

interface OtherPlacesViewProps {
  jobId: string;
  timetable: Timetable;
  place: number;
}

/** Why a lecture is where it is: what each other period and room would cost, and what blocks it. */
export function OtherPlacesView({ jobId, timetable, place }: OtherPlacesViewProps) {
  const lecture = timetable.lectures[place];
  const course = timetable.courses[lecture?.course ?? -1]?.id ?? "";
  const { day = 0, period = 0 } = lecture ?? {};
  const { data, problem, reload } = useResource(
    useCallback(
      (signal: AbortSignal) => getPlaces(jobId, { course, day, period }, signal),
      [jobId, course, day, period],
    ),
  );
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <section className="places" aria-labelledby="places-title">
      <h3 id="places-title">Other places</h3>
      {problem &&
        (problem.status === 404 || problem.status === 409 ? (
          <p className="quiet">Nothing is known of other places: {problem.detail}.</p>
        ) : (
          <ProblemNotice problem={problem} retry={reload} />
        ))}
      {!data && !problem && (
        <div role="status">
          <span className="for-ears">Weighing other places</span>
          <div className="skeleton skeleton-tall" />
        </div>
      )}
      {data && (
        <>
          <p>{data.verdict}</p>
          <PlacesGrid timetable={timetable} places={data} chosen={chosen} onChoose={setChosen} />
          <div aria-live="polite">
            {data.periods[chosen ?? -1] ? (
              <PlacesOfPeriod
                key={chosen}
                timetable={timetable}
                of={data.periods[chosen ?? -1] as PeriodPlaces}
              />
            ) : (
              <p className="quiet">Choose a period to see its rooms, or what blocks it.</p>
            )}
          </div>
        </>
      )}
    </section>
  );
}

interface PlacesGridProps {
  timetable: Timetable;
  places: OtherPlaces;
  chosen: number | null;
  onChoose: (index: number) => void;
}

function PlacesGrid({ timetable, places, chosen, onChoose }: PlacesGridProps) {
  const table = useRef<HTMLTableElement>(null);
  const cells = places.periods.map((each, place) => ({ ...each, place }));
  const days = Array.from({ length: timetable.num_days }, (_, day) => day);
  const periods = Array.from({ length: timetable.periods_per_day }, (_, period) => period);
  const move = (event: KeyboardEvent, from: (typeof cells)[number]) => {
    const to = neighbour(cells, from, event.key);
    if (to === null) return;
    event.preventDefault();
    table.current?.querySelector<HTMLElement>(`[data-place="${to}"]`)?.focus();
  };
  return (
    <section className="grid-frame" aria-label="What each period would cost">
      <table className="places-grid" ref={table}>
        <caption className="for-ears">
          What the lecture would cost more, or less, in the best room of each period. Arrow keys
          move between periods; Enter shows the rooms of one.
        </caption>
        <thead>
          <tr>
            <td />
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
              {cells
                .filter((cell) => cell.period === period)
                .map((cell) => (
                  <td key={cell.day}>
                    <PeriodButton
                      cell={cell}
                      isHere={cell.day === places.day && cell.period === places.period}
                      rooms={timetable.rooms}
                      isChosen={cell.place === chosen}
                      onChoose={() => onChoose(cell.place)}
                      onKeyDown={(event) => move(event, cell)}
                    />
                  </td>
                ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface PeriodButtonProps {
  cell: PeriodPlaces & { place: number };
  isHere: boolean;
  rooms: Timetable["rooms"];
  isChosen: boolean;
  onChoose: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function PeriodButton({ cell, isHere, rooms, isChosen, onChoose, onKeyDown }: PeriodButtonProps) {
  const best = bestOf(cell);
  const standing =
    best === null
      ? "blocked"
      : best.cost < 0 || best.violations < 0
        ? "better"
        : best.cost > 0
          ? "worse"
          : "same";
  const said =
    best === null
      ? cell.blockers.length > 0
        ? "blocked"
        : "no room is free"
      : `${formatChange(best.cost)} in ${rooms[best.room]?.id ?? "a room"}`;
  return (
    <button
      type="button"
      className={`place place-${isHere ? "here" : standing}`}
      data-place={cell.place}
      aria-pressed={isChosen}
      aria-label={`${dayName(cell.day, "long")}, period ${cell.period + 1}: ${
        isHere ? "here; in another room: " : ""
      }${said}`}
      onClick={onChoose}
      onKeyDown={onKeyDown}
    >
      {isHere ? "here" : best === null ? "×" : formatChange(best.cost)}
    </button>
  );
}

/** The best free place of a period. */
function bestOf({ blockers, places }: PeriodPlaces): RoomPlace | null {
  const [first] = places;
  return blockers.length === 0 && first && first.blockers.length === 0 ? first : null;
}
