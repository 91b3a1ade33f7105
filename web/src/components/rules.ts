/** The rules of a timetable in people's words. */
import type { Parameters } from "../api/jobs";
import { counted } from "./format";

interface Words {
  title: string;
  /** What one unit of it is, and several of them. */
  unit: [one: string, many: string];
}

const RULES: Record<string, Words> = {
  lectures: {
    title: "Every lecture takes place",
    unit: ["lecture missing or too many", "lectures missing or too many"],
  },
  conflicts: {
    title: "Nobody is in two places at once",
    unit: ["clash of a teacher or a curriculum", "clashes of a teacher or a curriculum"],
  },
  availability: {
    title: "Only when the teacher can",
    unit: ["lecture at a time that is closed", "lectures at a time that is closed"],
  },
  room_occupancy: {
    title: "One lecture a room at a time",
    unit: ["lecture too many in a room", "lectures too many in a room"],
  },
  pins: {
    title: "Pinned lectures stay",
    unit: ["pin that is not kept", "pins that are not kept"],
  },
  max_changes: {
    title: "No more changes than allowed",
    unit: ["change too many", "changes too many"],
  },
  changes: {
    title: "What people have stays",
    unit: ["lecture that was elsewhere before", "lectures that were elsewhere before"],
  },
  room_capacity: { title: "A seat for everyone", unit: ["seat missing", "seats missing"] },
  min_working_days: { title: "Spread over enough days", unit: ["day missing", "days missing"] },
  room_stability: {
    title: "A course keeps its room",
    unit: ["room beyond the first", "rooms beyond the first"],
  },
  room_suitability: {
    title: "A room that suits the course",
    unit: ["lecture in an unsuitable room", "lectures in an unsuitable room"],
  },
  double_lectures: {
    title: "Lectures of a day side by side",
    unit: ["lecture on its own", "lectures on their own"],
  },
  undesired_times: {
    title: "At times that are liked",
    unit: ["lecture at an undesired time", "lectures at an undesired time"],
  },
  isolated_lectures: {
    title: "No lonely lectures",
    unit: ["lecture with none before or after", "lectures with none before or after"],
  },
  windows: {
    title: "No gaps in a day",
    unit: ["free period between lectures", "free periods between lectures"],
  },
  student_load: {
    title: "Neither empty nor crowded days",
    unit: ["lecture too few or too many in a day", "lectures too few or too many in a day"],
  },
  travel_distance: {
    title: "No hurry between buildings",
    unit: ["move between buildings", "moves between buildings"],
  },
};

export function ruleWords(rule: string): Words {
  const words = rule.replaceAll("_", " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return RULES[rule] ?? { title, unit: ["time", "times"] };
}

/** How much of a rule is broken, such as `3 seats missing`. */
export function amountWords(rule: string, amount: number): string {
  return counted(amount, ...ruleWords(rule).unit);
}

export interface Formulation {
  name: string;
  label: string;
  text: string;
  /** What a unit of a soft rule costs; of one that is not named, nothing. */
  weights: Readonly<Record<string, number>>;
}

/** The sets of rules one can choose from. */
export const FORMULATIONS: readonly Formulation[] = [
  {
    name: "UD1",
    label: "Basic",
    text: "Seats for everyone, courses spread over the week, no lonely lectures.",
    weights: { room_capacity: 1, min_working_days: 5, isolated_lectures: 1, undesired_times: 2 },
  },
  {
    name: "UD2",
    label: "Standard",
    text: "Seats for everyone, courses spread over the week, no lonely lectures, one room a course.",
    weights: {
      room_capacity: 1,
      min_working_days: 5,
      isolated_lectures: 2,
      room_stability: 1,
      undesired_times: 2,
    },
  },
  {
    name: "UD3",
    label: "Students’ days",
    text: "Seats for everyone, no gaps, neither empty nor crowded days, suitable rooms.",
    weights: {
      room_capacity: 1,
      windows: 4,
      student_load: 2,
      room_suitability: 3,
      undesired_times: 2,
    },
  },
  {
    name: "UD4",
    label: "Double lectures",
    text: "As “Students’ days”, with suitable rooms a must and lectures of a day side by side.",
    weights: {
      room_capacity: 1,
      min_working_days: 1,
      windows: 1,
      student_load: 1,
      double_lectures: 1,
      undesired_times: 2,
    },
  },
  {
    name: "UD5",
    label: "Several buildings",
    text: "As “Basic”, with no gaps, balanced days and no hurry between buildings.",
    weights: {
      room_capacity: 1,
      min_working_days: 5,
      isolated_lectures: 1,
      windows: 2,
      student_load: 2,
      travel_distance: 2,
      undesired_times: 2,
    },
  },
];

export function formulationLabel(name: string): string {
  const known = FORMULATIONS.find((formulation) => formulation.name === name);
  return known ? `${known.label} (${name})` : name;
}

const SOFT_RULES = [
  "room_capacity",
  "min_working_days",
  "isolated_lectures",
  "room_stability",
  "windows",
  "student_load",
  "double_lectures",
  "room_suitability",
  "travel_distance",
  "undesired_times",
];

/** Rules that may have no weight in a formulation: they must hold. */
const HARD: Readonly<Record<string, string>> = { UD4: "room_suitability" };

/** What may have a weight, and which it has unless one is given; what counts already comes first. */
export function usualWeights(name: string): [rule: string, weight: number][] {
  const usual = FORMULATIONS.find((formulation) => formulation.name === name)?.weights ?? {};
  return SOFT_RULES.filter((rule) => rule !== HARD[name])
    .map((rule): [string, number] => [rule, usual[rule] ?? 0])
    .sort(([, a], [, b]) => Number(b > 0) - Number(a > 0));
}

/** Of some weights, those that are not the usual ones. */
export function changedWeights(
  name: string,
  weights: Readonly<Record<string, number>>,
): Record<string, number> {
  const usual = Object.fromEntries(usualWeights(name));
  return Object.fromEntries(
    Object.entries(weights).filter(([rule, weight]) => weight !== usual[rule]),
  );
}

/** The rules of a run, such as `Standard (UD2) with no gaps in a day: 3`; nothing if they are not known. */
export function rulesWords({ formulation, weights }: Partial<Parameters>): string {
  if (!formulation) return "";
  const changed = Object.entries(changedWeights(formulation, weights ?? {}));
  const told = changed.map(([rule, weight]) => `${lowered(ruleWords(rule).title)}: ${weight}`);
  return formulationLabel(formulation) + (told.length > 0 ? ` with ${told.join(", ")}` : "");
}

function lowered(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}
