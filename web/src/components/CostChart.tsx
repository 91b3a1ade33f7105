import { type PointerEvent, useState } from "react";
import { brokenSpans, costScale, type Point, timeTicks } from "../api/curve";
import { useWidth } from "../hooks/useWidth";
import { formatDuration, formatNumber, timesBroken } from "./format";

const HEIGHT = 220;
const MARGIN = { top: 12, right: 16, bottom: 28, left: 52 };

interface CostChartProps {
  points: readonly Point[];
  /** How long the job has run. */
  seconds: number;
}

/** The cost of the best timetable over time, above the least that any timetable can cost. */
export function CostChart({ points, seconds }: CostChartProps) {
  const [frame, width] = useWidth(640);
  const [pointed, setPointed] = useState<number | null>(null);
  const last = points.at(-1);
  if (!last) return <p className="quiet">No timetable has been found yet.</p>;

  const end = Math.max(seconds, last.seconds, 1);
  const bound = points.findLast((point) => point.bound !== null)?.bound ?? null;
  const costs = points.map((point) => point.cost);
  const scale = costScale(Math.min(...costs), Math.max(...costs));
  const [right, bottom] = [width - MARGIN.right, HEIGHT - MARGIN.bottom];
  const x = (time: number) => MARGIN.left + (time / end) * (right - MARGIN.left);
  const y = (cost: number) => bottom - scale.fraction(cost) * (bottom - MARGIN.top);
  const line = stepPath(points, x, y, end);

  const at = pointed === null ? last : (points.findLast((p) => p.seconds <= pointed) ?? last);
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const time = ((left - MARGIN.left) / (right - MARGIN.left)) * end;
    setPointed(Math.min(end, Math.max(points[0]?.seconds ?? 0, time)));
  };

  return (
    <figure className="chart" ref={frame}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={summary(points, end, bound)}
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
      >
        {brokenSpans(points, end).map(([from, to]) => (
          <rect
            key={from}
            className="chart-broken"
            x={x(from)}
            y={MARGIN.top}
            width={Math.max(1, x(to) - x(from))}
            height={bottom - MARGIN.top}
          />
        ))}
        {scale.ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-rule" x1={MARGIN.left} x2={right} y1={y(tick)} y2={y(tick)} />
            <text className="chart-text" x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end">
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {timeTicks(end, width < 480 ? 3 : 6).map((tick) => (
          <text
            key={tick}
            className="chart-text"
            x={x(tick)}
            y={HEIGHT - 8}
            textAnchor={x(tick) > right - 24 ? "end" : "middle"}
          >
            {formatDuration(tick)}
          </text>
        ))}
        {bound !== null && (
          <line className="chart-bound" x1={MARGIN.left} x2={right} y1={y(bound)} y2={y(bound)} />
        )}
        <path className="chart-area" d={`${line}V${bottom}H${x(points[0]?.seconds ?? 0)}Z`} />
        <path className="chart-line" d={line} />
        {pointed !== null && (
          <line
            className="chart-pointer"
            x1={x(pointed)}
            x2={x(pointed)}
            y1={MARGIN.top}
            y2={bottom}
          />
        )}
        <circle className="chart-dot" cx={x(pointed ?? end)} cy={y(at.cost)} r="4" />
      </svg>
      <figcaption>
        <span className="chart-reading">
          {pointed === null ? "Now" : `After ${formatDuration(pointed)}`}: cost{" "}
          <strong>{formatNumber(at.cost)}</strong>
          {at.violations > 0 && `, ${timesBroken(at.violations)}`}
        </span>
        {bound !== null && (
          <span className="key key-bound">no timetable costs less than {formatNumber(bound)}</span>
        )}
        {points.some((p) => p.violations > 0) && (
          <span className="key key-broken">hard rules still broken</span>
        )}
      </figcaption>
    </figure>
  );
}

/** A cost stays what it was until a better one is found: steps, not slopes. */
function stepPath(
  points: readonly Point[],
  x: (seconds: number) => number,
  y: (cost: number) => number,
  end: number,
): string {
  const steps = points.map((point, index) => {
    const [px, py] = [x(point.seconds).toFixed(1), y(point.cost).toFixed(1)];
    return index === 0 ? `M${px} ${py}` : `H${px}V${py}`;
  });
  return `${steps.join("")}H${x(end).toFixed(1)}`;
}

function summary(points: readonly Point[], end: number, bound: number | null): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "";
  const least = bound === null ? "" : ` No timetable costs less than ${formatNumber(bound)}.`;
  return (
    `Cost over time: from ${formatNumber(first.cost)} to ${formatNumber(last.cost)} ` +
    `in ${formatDuration(end, "long")}.${least}`
  );
}
