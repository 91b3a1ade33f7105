import { useState } from "react";
import type { Change, Obstacle, PeriodPlaces, RoomPlace } from "../../api/places";
import type { Timetable } from "../../api/timetable";
import { counted, dayName, formatChange } from "../format";
import { ruleWords } from "../rules";

const MOST_SHOWN = 5;

/** The rooms of a period, what each costs by rule, or what blocks it. */
export function PlacesOfPeriod({ timetable, of }: { timetable: Timetable; of: PeriodPlaces }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? of.places : of.places.slice(0, MOST_SHOWN);
  const hidden = of.places.length - shown.length;
  return (
    <>
      <p className="reasons-title">
        {dayName(of.day, "long")}, period {of.period + 1}
      </p>
      {of.blockers.length > 0 && (
        <>
          <p>Blocked in every room:</p>
          <Obstacles blockers={of.blockers} />
        </>
      )}
      {of.blockers.length === 0 && of.places.length === 0 && <p>There is no other room.</p>}
      <ul className="places-rooms">
        {shown.map((place) => (
          <Room key={place.room} place={place} name={timetable.rooms[place.room]?.id ?? ""} />
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" className="link" onClick={() => setWhole(true)}>
          Show {counted(hidden, "more room")}
        </button>
      )}
    </>
  );
}

function Room({ place, name }: { place: RoomPlace; name: string }) {
  const isFree = place.blockers.length === 0;
  return (
    <li>
      <strong>{name}</strong>{" "}
      {isFree ? <Costs change={place} /> : <Obstacles blockers={place.blockers} />}
      {place.swap && (
        <p>
          Changing places with {place.swap.course}: <Costs change={place.swap} />
        </p>
      )}
    </li>
  );
}

function Obstacles({ blockers }: { blockers: Obstacle[] }) {
  return (
    <ul className="quiet">
      {blockers.map(({ rule, text }) => (
        <li key={rule + text}>× {text}</li>
      ))}
    </ul>
  );
}

/** How much more or less something costs, rule by rule. */
function Costs({ change }: { change: Change }) {
  const mended = -change.violations;
  return (
    <>
      {change.cost === 0 ? "costs the same" : `costs ${formatChange(change.cost)}`}
      {mended > 0 && `, and breaks ${counted(mended, "hard rule")} less`}
      {change.rules.length > 0 && (
        <ul className="quiet">
          {change.rules.map(({ rule, cost }) => (
            <li key={rule}>
              {formatChange(cost)} {ruleWords(rule).title}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
