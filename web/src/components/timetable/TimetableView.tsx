import { useId, useMemo, useState } from "react";
import type { Timetable } from "../../api/timetable";
import { Icon } from "../Icon";
import { LectureDetails } from "./LectureDetails";
import { OtherPlacesView } from "./OtherPlacesView";
import { type Entry, entriesOf, found, VIEWS, type View } from "./views";
import { WeekGrid } from "./WeekGrid";

interface TimetableViewProps {
  timetable: Timetable;
  /** The run that made it, which can be asked about other places; without it, nobody is. */
  jobId?: string;
}

/** The timetable: the week of one room, teacher or curriculum at a time, however many there are. */
export function TimetableView({ timetable, jobId }: TimetableViewProps) {
  const [view, setView] = useState<View>("room");
  const [query, setQuery] = useState("");
  const [wanted, setWanted] = useState<number | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const entries = useMemo(() => entriesOf(timetable, view), [timetable, view]);
  const matching = useMemo(() => found(entries, timetable, query), [entries, timetable, query]);
  const entry = matching.find(({ index }) => index === wanted) ?? matching[0];

  const show = (nextView: View, index: number | null) => {
    setView(nextView);
    setWanted(index);
    setQuery("");
  };

  return (
    <div className="timetable">
      <fieldset className="segments">
        <legend className="for-ears">Show the week of a</legend>
        {VIEWS.map(({ view: each, label }) => (
          <label key={each}>
            <input
              type="radio"
              name="view"
              checked={view === each}
              onChange={() => show(each, null)}
            />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <Chooser
        view={view}
        entries={matching}
        entry={entry}
        query={query}
        onQuery={setQuery}
        onChoose={setWanted}
      />
      <div className="timetable-body">
        {entry ? (
          <WeekGrid
            timetable={timetable}
            view={view}
            entry={entry}
            selected={selected}
            onSelect={setSelected}
          />
        ) : (
          <p className="quiet">
            Nothing here is called “{query}”: {VIEWS.find((each) => each.view === view)?.none} and
            no course.
          </p>
        )}
        <div className="details-column">
          <aside className="details" aria-live="polite" aria-label="The chosen lecture">
            {selected === null ? (
              <p className="quiet">Choose a lecture to see what it costs, and why.</p>
            ) : (
              <LectureDetails timetable={timetable} place={selected} onShow={show} />
            )}
          </aside>
          {jobId !== undefined && selected !== null && (
            <OtherPlacesView key={selected} jobId={jobId} timetable={timetable} place={selected} />
          )}
        </div>
      </div>
    </div>
  );
}

interface ChooserProps {
  view: View;
  entries: readonly Entry[];
  entry: Entry | undefined;
  query: string;
  onQuery: (query: string) => void;
  onChoose: (index: number) => void;
}

/** Finds a room, teacher or curriculum, by its name or by that of a course. */
function Chooser({ view, entries, entry, query, onQuery, onChoose }: ChooserProps) {
  const id = useId();
  const label = VIEWS.find((each) => each.view === view)?.label ?? "";
  const place = entry ? entries.indexOf(entry) : -1;
  const step = (by: number) => {
    const next = entries[place + by];
    if (next) onChoose(next.index);
  };
  return (
    <div className="chooser">
      <div className="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label={`Find a ${label.toLowerCase()} or a course`}
          placeholder={`${label} or course`}
          value={query}
          onChange={(event) => onQuery(event.target.value)}
        />
      </div>
      <div className="stepper">
        <button type="button" aria-label="Previous" disabled={place <= 0} onClick={() => step(-1)}>
          <Icon name="arrow" />
        </button>
        <label className="for-ears" htmlFor={id}>
          {label}
        </label>
        <select
          id={id}
          value={entry?.index ?? ""}
          disabled={!entry}
          onChange={(event) => onChoose(Number(event.target.value))}
        >
          {entries.map(({ index, name, cost }) => (
            <option key={index} value={index}>
              {cost > 0 ? `${name} (cost ${cost})` : name}
            </option>
          ))}
        </select>
        <button
          type="button"
          aria-label="Next"
          disabled={place < 0 || place >= entries.length - 1}
          onClick={() => step(1)}
        >
          <Icon name="next" />
        </button>
      </div>
    </div>
  );
}
