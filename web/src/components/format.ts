/** Numbers, times and durations in the reader's language. */
import type { Status } from "../api/types";

/** One place, rounded down, and never 100 before the job is completed. */
export function formatPercent(percent: number, status: Status = "running"): string {
  if (status === "completed") return inPercent(1, 0);
  return inPercent(Math.min(999, Math.floor(Math.max(0, percent) * 10 + 1e-6)) / 1000, 1);
}

function inPercent(fraction: number, places: number): string {
  return new Intl.NumberFormat(undefined, {
    style: "percent",
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  }).format(fraction);
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat().format(value);
}

/** A change of something, such as `+3` and `−1`; 0 has no sign. */
export function formatChange(value: number): string {
  return new Intl.NumberFormat(undefined, { signDisplay: "exceptZero" }).format(value);
}

/** A number of things, such as `1 seat` and `2 seats`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

/** How often hard rules are broken: one rule may be broken many times. */
export function timesBroken(violations: number): string {
  return `hard rules broken ${violations === 1 ? "once" : counted(violations, "time")}`;
}

type TimeUnit = "hour" | "minute" | "second";
type Width = "short" | "long";

function inUnits(unit: TimeUnit, width: Width): Intl.NumberFormat {
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit,
    unitDisplay: width,
    maximumFractionDigits: 0,
  });
}

/** A duration as people say it: two units at most, the smaller one only where it tells something. */
export function formatDuration(seconds: number, width: Width = "short"): string {
  let whole = Math.max(0, Math.round(seconds));
  if (whole >= 3600) whole = Math.round(whole / 60) * 60;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = whole % 60;
  const parts: [number, TimeUnit][] = [];
  if (hours > 0) parts.push([hours, "hour"]);
  if (minutes > 0) parts.push([minutes, "minute"]);
  if (hours === 0 && (rest > 0 || minutes === 0)) parts.push([rest, "second"]);
  const said = parts.map(([value, unit]) => inUnits(unit, width).format(value));
  return new Intl.ListFormat(undefined, { type: "unit", style: width }).format(said);
}

/** A duration that is a guess, so rounded to what one may trust of it. */
export function roughly(seconds: number): number {
  if (seconds < 20) return Math.max(1, Math.round(seconds));
  if (seconds < 60) return Math.round(seconds / 5) * 5;
  if (seconds < 600) return Math.round(seconds / 10) * 10;
  return Math.round(seconds / 60) * 60;
}

/** From one duration to another, such as `4–7 min`, in the unit that people would count the larger in. */
export function formatDurationRange(low: number, high: number, width: Width = "short"): string {
  const [unit, size]: [TimeUnit, number] =
    high > 10_800 ? ["hour", 3600] : high > 180 ? ["minute", 60] : ["second", 1];
  const from = Math.floor(low / size);
  const to = Math.max(1, Math.ceil(high / size));
  const format = inUnits(unit, width);
  // From 0 would say that it may be over, which it is not.
  if (from === 0) return `up to ${format.format(to)}`;
  return from >= to ? format.format(to) : format.formatRange(from, to);
}

export function formatMoment(seconds: number, now = Date.now() / 1000): string {
  const moment = new Date(seconds * 1000);
  const today = new Date(now * 1000).toDateString() === moment.toDateString();
  return new Intl.DateTimeFormat(
    undefined,
    today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(moment);
}

export function formatSize(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte"] as const;
  const power = bytes < 1000 ? 0 : bytes < 1e6 ? 1 : 2;
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: units[power] ?? "byte",
    // In short, English has no plural of it.
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power > 0 && bytes / 1000 ** power < 10 ? 1 : 0,
  }).format(bytes / 1000 ** power);
}

/** Names of the week's days, from Monday. */
export function dayName(day: number, width: Width = "short"): string {
  // 1 January 2024 was a Monday.
  const date = new Date(Date.UTC(2024, 0, 1 + day));
  return new Intl.DateTimeFormat(undefined, { weekday: width, timeZone: "UTC" }).format(date);
}

const STATUS_WORDS: Record<Status, string> = {
  queued: "Waiting",
  initializing: "Starting",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  timeout: "Out of time",
};

export function statusWord(status: Status): string {
  return STATUS_WORDS[status] ?? status;
}
