/** What was found when: the points of the cost curve, and how they are drawn. */
import type { ProgressInfo } from "./types";

export interface Point {
  seconds: number;
  cost: number;
  violations: number;
  bound: number | null;
}

const MOST_POINTS = 2000;

/** Read the job's curve file; lines without a cost tell nothing to draw. */
export function parseCurve(csv: string): Point[] {
  const [head = "", ...lines] = csv.trim().split(/\r?\n/);
  const columns = head.split(",");
  const points: Point[] = [];
  for (const line of lines) {
    const cells = line.split(",");
    const figure = (name: string) => {
      const text = cells[columns.indexOf(name)] ?? "";
      return text === "" ? null : Number(text);
    };
    const [seconds, cost] = [figure("seconds"), figure("cost")];
    if (seconds === null || cost === null || Number.isNaN(seconds + cost)) continue;
    points.push({ seconds, cost, violations: figure("violations") ?? 0, bound: figure("bound") });
  }
  return points;
}

export function pointOf(snapshot: ProgressInfo): Point | null {
  const { cost, violations, bound } = snapshot.metadata;
  if (typeof cost !== "number") return null;
  const seconds = Math.max(0, snapshot.last_updated - snapshot.started_at);
  return { seconds, cost, violations: violations ?? 0, bound: bound ?? null };
}

/** The curve with one more point; the same curve if that changes nothing. */
export function withPoint(points: Point[], point: Point | null): Point[] {
  if (point === null) return points;
  const last = points.at(-1);
  if (
    last?.cost === point.cost &&
    last.violations === point.violations &&
    last.bound === point.bound
  ) {
    return points;
  }
  const kept = points.length < MOST_POINTS ? points : points.filter((_, index) => index % 2 === 0);
  return [...kept, point];
}

/** What the file knows, then what was seen after it. */
export function joined(past: Point[], seen: Point[]): Point[] {
  const until = past.at(-1)?.seconds ?? -1;
  return [...past, ...seen.filter((point) => point.seconds > until)];
}

/** A way from figures to fractions of the height: in proportion, or by orders of magnitude if they differ by many. */
export interface Scale {
  fraction: (value: number) => number;
  ticks: number[];
}

export function costScale(least: number, most: number): Scale {
  const top = Math.max(most, 1);
  if (top / Math.max(least, 1) > 20) {
    const decades = [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((tick) => tick <= top);
    const span = Math.log1p(top);
    return { fraction: (value) => Math.log1p(Math.max(0, value)) / span, ticks: decades.slice(-4) };
  }
  const step = niceStep(top / 4);
  const high = Math.ceil(top / step) * step;
  const ticks = Array.from({ length: Math.round(high / step) + 1 }, (_, index) => index * step);
  return { fraction: (value) => Math.max(0, value) / high, ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200];

/** Round moments of a stretch of time, the start left out. */
export function timeTicks(seconds: number, most = 5): number[] {
  const step = TIME_STEPS.find((candidate) => seconds / candidate <= most) ?? 86400;
  const count = Math.floor(seconds / step);
  return Array.from({ length: count }, (_, index) => (index + 1) * step);
}

/** The stretches of time in which rules were still broken. */
export function brokenSpans(points: readonly Point[], end: number): [number, number][] {
  const spans: [number, number][] = [];
  let from: number | null = null;
  for (const point of points) {
    if (point.violations > 0) from ??= point.seconds;
    else if (from !== null) {
      spans.push([from, point.seconds]);
      from = null;
    }
  }
  if (from !== null) spans.push([from, end]);
  return spans;
}
