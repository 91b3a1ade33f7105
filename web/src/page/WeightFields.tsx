import { Fold } from "../components/Fold";
import { ruleWords, usualWeights } from "../components/rules";

/** What is in the fields, by rule. */
export type WeightTexts = Readonly<Record<string, string>>;

const MOST = 100;

interface WeightFieldsProps {
  formulation: string;
  weights: WeightTexts;
  onChange: (weights: WeightTexts) => void;
  /** Told when a field is left, and nothing is wrong in any. */
  onSettle: () => void;
}

/** What a unit of each soft rule costs, where that is not to be what it usually does. */
export function WeightFields({ formulation, weights, onChange, onSettle }: WeightFieldsProps) {
  return (
    <Fold title="Weights">
      <p className="quiet" id="weights-help">
        What it costs each time that a rule is not kept: a whole number, 0 to {MOST}. Left empty, it
        costs as much as usual; 0 leaves the rule out.
      </p>
      <div className="weights">
        {usualWeights(formulation).map(([rule, usual]) => (
          <label key={rule}>
            <span>
              {ruleWords(rule).title}
              <span className="quiet">a {ruleWords(rule).unit[0]}</span>
            </span>
            <input
              type="number"
              min="0"
              max={MOST}
              step="1"
              aria-describedby="weights-help"
              placeholder={String(usual)}
              value={weights[rule] ?? ""}
              onChange={(event) => onChange({ ...weights, [rule]: event.target.value })}
              onBlur={(event) => {
                if (!event.target.closest(".weights")?.querySelector(":invalid")) onSettle();
              }}
            />
          </label>
        ))}
      </div>
    </Fold>
  );
}
