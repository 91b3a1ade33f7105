import { useCallback, useEffect, useRef } from "react";
import { checkInstance, type Extras, type Source } from "../api/jobs";
import { Findings } from "../components/Findings";
import { formatNumber } from "../components/format";
import { Notice, ProblemNotice } from "../components/Notice";
import { useResource } from "../hooks/useResource";

const COUNTED = ["courses", "lectures", "rooms", "curricula", "periods"] as const;
const MOST_SHOWN = 8;

interface DataCheckProps {
  source: Source;
  extras: Extras;
  /** The rules that count. */
  formulation: string;
  /** As JSON; null for the usual ones. */
  weights: string | null;
  /** Told whether a run can be started with the data. */
  onChecked: (isReadable: boolean) => void;
}

/** What is in the data, and what cannot work with it, before time is spent on it. */
export function DataCheck({ source, extras, formulation, weights, onChecked }: DataCheckProps) {
  // By other weights all can still be read: what was found stays meanwhile, and a run may be started.
  const latest = useRef(weights);
  const checked = useRef({ weights, formulation });
  useEffect(() => {
    latest.current = weights;
  }, [weights]);
  const { data, problem, reload } = useResource(
    useCallback(
      (signal: AbortSignal) => checkInstance(source, extras, formulation, latest.current, signal),
      [source, extras, formulation],
    ),
  );
  useEffect(() => {
    const before = checked.current;
    checked.current = { weights, formulation };
    // Other rules are asked for by themselves, with the weights of now.
    if (before.weights !== weights && before.formulation === formulation) reload();
  }, [weights, formulation, reload]);
  const counts = COUNTED.filter((name) => data?.summary[name] !== undefined);
  const isReadable = !problem && data?.errors.length === 0;
  const isPossible = !data?.findings.some(({ severity }) => severity === "impossible");
  useEffect(() => {
    onChecked(isReadable);
    return () => onChecked(false);
  }, [isReadable, onChecked]);

  if (problem) return <ProblemNotice problem={problem} retry={reload} />;
  if (data === null) {
    return (
      <div role="status">
        <span className="for-ears">Checking the data</span>
        <div className="skeleton" />
      </div>
    );
  }
  return (
    <div className="check" role="status" aria-label="Data check">
      {counts.length > 0 && (
        <dl className="counts">
          {counts.map((name) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{formatNumber(data.summary[name] ?? 0)}</dd>
            </div>
          ))}
        </dl>
      )}
      {data.notes.length > 0 && (
        <Notice tone="warning" icon="warning" title="Not everything could be taken over">
          <ul>
            {data.notes.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Notice>
      )}
      {data.errors.length > 0 && (
        <Notice tone="bad" icon="warning" title="This cannot be read">
          <ul>
            {data.errors.slice(0, MOST_SHOWN).map((text) => (
              <li key={text}>{inLine(text, data.name)}</li>
            ))}
          </ul>
          {data.errors.length > MOST_SHOWN && (
            <p>and {formatNumber(data.errors.length - MOST_SHOWN)} more</p>
          )}
        </Notice>
      )}
      {data.errors.length === 0 && isPossible && (
        <p className="check-good">The data is complete, and nothing in it rules a timetable out.</p>
      )}
      <Findings findings={data.findings} />
    </div>
  );
}

/** What is wrong, and in which line; the name of the data's file stands above already. */
function inLine(text: string, name: string): string {
  const line = text.startsWith(name) && /^:(\d+): /.exec(text.slice(name.length));
  return line ? `Line ${line[1]}: ${text.slice(name.length + line[0].length)}` : text;
}
