import type { Point } from "../api/curve";
import type { ProgressInfo } from "../api/types";
import { CostChart } from "../components/CostChart";
import { formatNumber } from "../components/format";

/** The cost found so far, and how much better it could be at most. */
export function CostCard({ snapshot, points }: { snapshot: ProgressInfo; points: Point[] }) {
  const { cost, violations, bound } = snapshot.metadata;
  return (
    <section className="card" aria-labelledby="cost-title">
      <h2 id="cost-title">Cost so far</h2>
      {typeof cost === "number" && (
        <dl className="tiles">
          <Tile name="Cost" value={formatNumber(cost)} />
          {typeof violations === "number" && (
            <Tile name="Hard rules broken" value={formatNumber(violations)} bad={violations > 0} />
          )}
          {typeof bound === "number" && (
            <Tile name="No timetable costs less than" value={formatNumber(bound)} />
          )}
        </dl>
      )}
      <CostChart points={points} seconds={snapshot.last_updated - snapshot.started_at} />
    </section>
  );
}

export function Tile({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div className={bad ? "tile tile-bad" : "tile"}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
