/** A timetable seen from one room, one teacher or one curriculum. */
import type { Lecture, Reason, Timetable } from "../../api/timetable";

export type View = "room" | "teacher" | "curriculum";

export const VIEWS: readonly { view: View; label: string; none: string }[] = [
  { view: "room", label: "Room", none: "no room" },
  { view: "teacher", label: "Teacher", none: "no teacher" },
  { view: "curriculum", label: "Curriculum", none: "no curriculum" },
];

/** One room, teacher or curriculum that can be looked at. */
export interface Entry {
  /** Its place in the timetable's own list. */
  index: number;
  name: string;
  /** Places of its lectures in the timetable's list. */
  lectures: number[];
  cost: number;
}

const byName = new Intl.Collator(undefined, { numeric: true });

/** All entries of a view, in the order of their names. */
export function entriesOf(timetable: Timetable, view: View): Entry[] {
  const names =
    view === "room"
      ? timetable.rooms.map((room) => room.id)
      : view === "teacher"
        ? timetable.teachers
        : timetable.curricula.map((curriculum) => curriculum.id);
  const entries = names.map((name, index): Entry => ({ index, name, lectures: [], cost: 0 }));
  const holders = holdersOf(timetable, view);
  timetable.lectures.forEach((lecture, place) => {
    for (const index of holders(lecture)) {
      const entry = entries[index];
      entry?.lectures.push(place);
      if (entry) entry.cost += lecture.cost;
    }
  });
  return entries.sort((a, b) => byName.compare(a.name, b.name));
}

/** Which entries of a view a lecture belongs to. */
function holdersOf(timetable: Timetable, view: View): (lecture: Lecture) => readonly number[] {
  if (view === "room") return (lecture) => [lecture.room];
  const ofCourse: number[][] = timetable.courses.map(() => []);
  if (view === "teacher") {
    const place = new Map(timetable.teachers.map((teacher, index) => [teacher, index]));
    timetable.courses.forEach((course, index) => {
      const teacher = place.get(course.teacher);
      if (teacher !== undefined) ofCourse[index]?.push(teacher);
    });
  } else {
    timetable.curricula.forEach(({ courses }, index) => {
      for (const course of courses) ofCourse[course]?.push(index);
    });
  }
  return (lecture) => ofCourse[lecture.course] ?? [];
}

/** The entries whose name, or the name of one of whose courses, has what is looked for. */
export function found(entries: readonly Entry[], timetable: Timetable, query: string): Entry[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (!wanted) return [...entries];
  const has = (name: string) => name.toLocaleLowerCase().includes(wanted);
  const courses = new Set(timetable.courses.flatMap(({ id }, index) => (has(id) ? [index] : [])));
  return entries.filter(
    (entry) =>
      has(entry.name) ||
      entry.lectures.some((place) => courses.has(timetable.lectures[place]?.course ?? -1)),
  );
}

/** Curricula that a course is part of. */
export function curriculaOf(timetable: Timetable, course: number): number[] {
  return timetable.curricula.flatMap(({ courses }, index) =>
    courses.includes(course) ? [index] : [],
  );
}

export function breaksHardRule(reasons: readonly Reason[]): boolean {
  return reasons.some((reason) => reason.cost === 0);
}

/** The lecture that an arrow key leads to: the nearest one in that direction, its own row or column first. */
export function neighbour(
  lectures: readonly { place: number; day: number; period: number }[],
  from: { place: number; day: number; period: number },
  key: string,
): number | null {
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    key
  ];
  if (!direction) return null;
  const [days = 0, periods = 0] = direction;
  let best: { place: number; distance: number } | null = null;
  for (const other of lectures) {
    const along = (other.day - from.day) * days + (other.period - from.period) * periods;
    if (along <= 0) continue;
    const aside =
      Math.abs((other.day - from.day) * periods) + Math.abs((other.period - from.period) * days);
    const distance = along + 10 * aside;
    if (!best || distance < best.distance) best = { place: other.place, distance };
  }
  return best?.place ?? null;
}
