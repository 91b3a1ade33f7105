import type { Penalty } from "../api/timetable";
import { formatNumber } from "./format";
import { Icon } from "./Icon";
import { amountWords, ruleWords } from "./rules";

/** What each rule costs, in people's words; the rules that must hold first. */
export function Penalties({ penalties }: { penalties: readonly Penalty[] }) {
  const hard = penalties.filter((penalty) => penalty.kind === "hard");
  const soft = penalties
    .filter((penalty) => penalty.kind === "soft")
    .sort((a, b) => b.cost - a.cost);
  const most = Math.max(1, ...soft.map((penalty) => penalty.cost));
  return (
    <div className="penalties">
      <h3>Must hold</h3>
      <ul className="hard-rules">
        {hard.map(({ rule, amount }) => (
          <li key={rule} className={amount > 0 ? "rule-broken" : "rule-kept"}>
            <Icon name={amount > 0 ? "warning" : "check"} />
            <span>
              {ruleWords(rule).title}
              {amount > 0 && <span className="quiet">{amountWords(rule, amount)}</span>}
            </span>
          </li>
        ))}
      </ul>
      <h3>Should hold</h3>
      <table className="soft-rules">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col" className="figure">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {soft.map(({ rule, amount, weight, cost }) => (
            <tr key={rule}>
              <th scope="row">
                {ruleWords(rule).title}
                <span className="quiet">
                  {amount === 0
                    ? "kept everywhere"
                    : `${amountWords(rule, amount)}, ${priceWords({ amount, weight, cost })}`}
                </span>
                <span className="rule-bar" aria-hidden="true">
                  <span style={{ width: `${(cost / most) * 100}%` }} />
                </span>
              </th>
              <td className="figure">{formatNumber(cost)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a unit costs; courses may have prices of their own. */
function priceWords({ amount, weight, cost }: Pick<Penalty, "amount" | "weight" | "cost">) {
  const price = `${formatNumber(weight)} each`;
  return cost === amount * weight ? price : `${price}, some courses otherwise`;
}
