import { type FormEvent, useRef, useState } from "react";
import { Problem } from "../api/http";
import { type Extras, generate, MOST_WHOLE, type Source } from "../api/jobs";
import { Fold } from "../components/Fold";
import { ProblemNotice } from "../components/Notice";
import { changedWeights, FORMULATIONS, usualWeights } from "../components/rules";
import { DataCheck } from "./DataCheck";
import { InstanceChoice } from "./InstanceChoice";
import { type ChangeTexts, KeepFields } from "./KeepFields";
import { goTo, pathOf } from "./route";
import { WeightFields, type WeightTexts } from "./WeightFields";

const PLANS = [
  { name: "default", label: "Usual" },
  { name: "search-heavy", label: "Most of it for improving" },
  { name: "solve-heavy", label: "Most of it for the first schedule" },
  { name: "learned", label: "As earlier runs took" },
];

/** A new timetable: of which data, by which rules, in how much time. */
export function StartRun() {
  const [source, setSource] = useState<Source | null>(null);
  const [isReadable, setIsReadable] = useState(false);
  const [formulation, setFormulation] = useState("UD2");
  const [weights, setWeights] = useState<WeightTexts>({});
  // What the data is checked by: each check sends the file, so not at every key.
  const [settledWeights, setSettledWeights] = useState<WeightTexts>({});
  const [extras, setExtras] = useState<Extras>({ before: null, pins: null });
  const [changes, setChanges] = useState<ChangeTexts>({ price: "1", most: "" });
  const [minutes, setMinutes] = useState("2");
  const [plan, setPlan] = useState("default");
  const [seed, setSeed] = useState("0");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // The same press, sent twice by a bad connection, starts one run.
  const key = useRef({ of: "", value: "" });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!source) return;
    const parameters = {
      formulation,
      weights: chosenWeights(formulation, weights),
      plan,
      time_limit_seconds: Math.round(Number(minutes) * 60),
      seed: Number(seed),
      change_price: extras.before && Number(changes.price),
      max_changes: extras.before && changes.most ? Number(changes.most) : null,
    };
    const data = "file" in source ? signOf(source.file) : source.name;
    const wish = JSON.stringify([parameters, data, signOf(extras.before), signOf(extras.pins)]);
    if (key.current.of !== wish) key.current = { of: wish, value: randomKey() };
    setBusy(true);
    setProblem(null);
    try {
      const { job_id } = await generate(source, extras, parameters, key.current.value);
      goTo(pathOf(job_id));
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "The answer cannot be read"));
      setBusy(false);
    }
  };

  const checkedWeights = chosenWeights(formulation, settledWeights);
  return (
    <form className="card start" onSubmit={submit} aria-labelledby="start-title">
      <h1 id="start-title">New timetable</h1>
      <InstanceChoice source={source} onChoose={setSource} />
      {source && (
        <DataCheck
          source={source}
          extras={extras}
          formulation={formulation}
          weights={checkedWeights && JSON.stringify(checkedWeights)}
          onChecked={setIsReadable}
        />
      )}
      <label className="field">
        <span>Rules</span>
        <select value={formulation} onChange={(event) => setFormulation(event.target.value)}>
          {FORMULATIONS.map(({ name, label }) => (
            <option key={name} value={name}>
              {label} ({name})
            </option>
          ))}
        </select>
        <span className="quiet">{FORMULATIONS.find(({ name }) => name === formulation)?.text}</span>
      </label>
      <label className="field">
        <span>Time limit, in minutes</span>
        <input
          type="number"
          required
          min="0.1"
          max="1440"
          step="any"
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
        <span className="quiet">More time finds better timetables. You can finish earlier.</span>
      </label>
      <WeightFields
        formulation={formulation}
        weights={weights}
        onChange={setWeights}
        onSettle={() => setSettledWeights(weights)}
      />
      <KeepFields extras={extras} changes={changes} onExtras={setExtras} onChanges={setChanges} />
      <Fold title="More">
        <label className="field">
          <span>How the progress bar is divided</span>
          <select value={plan} onChange={(event) => setPlan(event.target.value)}>
            {PLANS.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Seed</span>
          <input
            type="number"
            required
            min="0"
            max={MOST_WHOLE}
            step="1"
            value={seed}
            onChange={(event) => setSeed(event.target.value)}
          />
          <span className="quiet">Another number searches in another way.</span>
        </label>
      </Fold>
      {problem && <ProblemNotice problem={problem} />}
      <button type="submit" className="primary wide" disabled={busy || !source || !isReadable}>
        {busy ? "Starting …" : "Make the timetable"}
      </button>
    </form>
  );
}

/** What is sent: weights that are given, mean something here, and are not the usual ones. */
function chosenWeights(formulation: string, texts: WeightTexts): Record<string, number> | null {
  const given = usualWeights(formulation).flatMap(([rule]) =>
    texts[rule] ? [[rule, Number(texts[rule])] as const] : [],
  );
  const changed = changedWeights(formulation, Object.fromEntries(given));
  return Object.keys(changed).length > 0 ? changed : null;
}

/** What tells a file from one that was sent before it, under the same name too. */
function signOf(file: File | null) {
  return file && [file.name, file.size, file.lastModified];
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
