import { type Extras, MOST_WHOLE } from "../api/jobs";
import { Fold } from "../components/Fold";
import { FileDrop } from "./FileDrop";

const TIMETABLES = [".xlsx", ".csv", ".sol", ".txt"];
const PINS = [".txt", ".sol"];
const MOST_PRICE = 1_000_000;

/** What is in the fields. */
export interface ChangeTexts {
  price: string;
  most: string;
}

interface KeepFieldsProps {
  extras: Extras;
  changes: ChangeTexts;
  onExtras: (extras: Extras) => void;
  onChanges: (changes: ChangeTexts) => void;
}

/** What should stay: the timetable that people have, as far as may be, and pinned places. */
export function KeepFields({ extras, changes, onExtras, onChanges }: KeepFieldsProps) {
  return (
    <Fold title="Keep what people have">
      <Sheet
        title="The timetable until now"
        help="The search starts from it, and changes little of it: a table that was downloaded here, or lines of course, room, day and period."
        file={extras.before}
        endings={TIMETABLES}
        onChange={(before) => onExtras({ ...extras, before })}
      />
      {extras.before && (
        <>
          <label className="field">
            <span>What each change costs</span>
            <input
              type="number"
              required
              min="0"
              max={MOST_PRICE}
              step="1"
              value={changes.price}
              onChange={(event) => onChanges({ ...changes, price: event.target.value })}
            />
            <span className="quiet">
              A lecture at another time or in another room is a change. With 5, it changes where
              that saves more than 5.
            </span>
          </label>
          <label className="field">
            <span>Most changes</span>
            <input
              type="number"
              min="0"
              max={MOST_WHOLE}
              step="1"
              placeholder="any number"
              value={changes.most}
              onChange={(event) => onChanges({ ...changes, most: event.target.value })}
            />
          </label>
        </>
      )}
      <Sheet
        title="Places that must stay"
        help="Lines of course, room, day and period, counted from 0, with - for what is left open."
        file={extras.pins}
        endings={PINS}
        onChange={(pins) => onExtras({ ...extras, pins })}
      />
    </Fold>
  );
}

interface SheetProps {
  title: string;
  help: string;
  file: File | null;
  endings: readonly string[];
  onChange: (file: File | null) => void;
}

/** A file that may be given, and taken back. */
function Sheet({ title, help, file, endings, onChange }: SheetProps) {
  return (
    <fieldset className="field">
      <legend>{title}</legend>
      <FileDrop file={file} endings={endings} onChoose={onChange} />
      {file && (
        <button type="button" className="link" onClick={() => onChange(null)}>
          Without {file.name}
        </button>
      )}
      <span className="quiet">{help}</span>
    </fieldset>
  );
}
