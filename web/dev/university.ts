/** A made-up university, and a timetable of it with its costs: for looking at the page, not for solving. */
import type { OtherPlaces } from "../src/api/places.ts";
import type { Course, Lecture, Reason, Timetable } from "../src/api/timetable.ts";

/** Numbers that look random and are the same each time. */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return Math.floor((state / 4294967296) * below);
  };
}

const SUBJECTS = ["MAT", "PHY", "CHE", "BIO", "INF", "ECO", "LAW", "HIS", "PHI", "MED"];

export function timetable(instance: string, numCourses: number, broken = false): Timetable {
  const draw = draws(numCourses);
  const [numDays, perDay] = [5, numCourses > 500 ? 10 : 6];
  const numRooms = Math.ceil((numCourses * 3.4) / (numDays * perDay * 0.7));
  const rooms = Array.from({ length: numRooms }, (_, index) => ({
    id: `${"ABC"[index % 3]}-${101 + Math.floor(index / 3)}`,
    capacity: [28, 40, 60, 90, 140, 220][draw(6)] ?? 28,
    building: "ABC"[index % 3] ?? "A",
  }));
  const teachers = Array.from(
    { length: Math.ceil(numCourses / 2.3) },
    (_, index) =>
      `T-${SUBJECTS[index % SUBJECTS.length]}-${String(1 + Math.floor(index / 10)).padStart(2, "0")}`,
  );
  const courses = Array.from({ length: numCourses }, (_, index): Course => {
    const reasons: Reason[] =
      draw(9) === 0
        ? [{ rule: "min_working_days", cost: 5, text: "on 2 days of the week, at least 3 wanted" }]
        : draw(12) === 0
          ? [{ rule: "room_stability", cost: 1, text: "in 2 rooms: A-101, B-102" }]
          : [];
    return {
      id: `${SUBJECTS[index % SUBJECTS.length]}${101 + Math.floor(index / SUBJECTS.length)}`,
      teacher: teachers[index % teachers.length] ?? "",
      num_lectures: 2 + draw(4),
      min_working_days: 2 + draw(2),
      num_students: 15 + draw(80),
      wants_double_lectures: false,
      unavailable: [],
      undesired: [],
      unsuitable: [],
      weights: {},
      reasons,
    };
  });
  const lectures = place(courses, rooms, numDays, perDay, draw);
  if (broken && lectures[3]) {
    lectures[3].reasons.push({
      rule: "conflicts",
      cost: 0,
      text: "T-MAT-01 also teaches MAT102 then",
    });
  }
  const curricula = Array.from({ length: Math.ceil(numCourses / 4) }, (_, index) => ({
    id: `${SUBJECTS[index % SUBJECTS.length]}-year-${1 + (Math.floor(index / 10) % 3)}-${1 + Math.floor(index / 30)}`,
    courses: [...new Set([0, 1, 2, 3].map((step) => (index * 3 + step * 11) % numCourses))],
  }));
  return {
    instance,
    formulation: "UD2",
    num_days: numDays,
    periods_per_day: perDay,
    ...summed(lectures, courses, broken),
    bound: 4,
    daily_lectures: null,
    pins: [],
    before: [],
    max_changes: null,
    weights: {},
    rooms,
    teachers,
    curricula,
    courses,
    lectures,
  };
}

function place(
  courses: readonly Course[],
  rooms: Timetable["rooms"],
  numDays: number,
  perDay: number,
  draw: (below: number) => number,
): Lecture[] {
  const taken = new Set<number>();
  const lectures: Lecture[] = [];
  courses.forEach((course, index) => {
    for (let count = 0; count < course.num_lectures; count += 1) {
      let slot = draw(rooms.length * numDays * perDay);
      while (taken.has(slot)) slot = (slot + 1) % (rooms.length * numDays * perDay);
      taken.add(slot);
      const room = slot % rooms.length;
      const period = Math.floor(slot / rooms.length);
      const short = course.num_students - (rooms[room]?.capacity ?? 0);
      const reasons: Reason[] = [];
      if (short > 0 && draw(3) === 0) {
        const text = `${course.num_students} students, ${rooms[room]?.capacity} seats`;
        reasons.push({ rule: "room_capacity", cost: short, text });
      }
      if (draw(14) === 0) {
        reasons.push({
          rule: "isolated_lectures",
          cost: 2,
          text: "alone that day in MAT-year-1-1",
        });
      }
      lectures.push({
        course: index,
        day: period % numDays,
        period: Math.floor(period / numDays),
        room,
        cost: reasons.reduce((sum, reason) => sum + reason.cost, 0),
        reasons,
      });
    }
  });
  return lectures;
}

/** What other places might cost a lecture: made up, and the same each time. */
export function otherPlaces(of: Timetable, name: string, day: number, period: number): OtherPlaces {
  const course = of.courses.findIndex(({ id }) => id === name);
  const here = of.lectures.find((l) => l.course === course && l.day === day && l.period === period);
  const draw = draws(course + 7 * day + period);
  const weeks = Array.from({ length: of.num_days * of.periods_per_day }, (_, number) => number);
  return {
    course: name,
    day,
    period,
    room: here?.room ?? 0,
    formulation: of.formulation,
    verdict: "No better place: each is blocked or costs more.",
    periods: weeks.map((number) => {
      const when = {
        day: Math.floor(number / of.periods_per_day),
        period: number % of.periods_per_day,
      };
      if (draw(2) === 0) {
        const other = of.courses[draw(of.courses.length)]?.id ?? "";
        const text = `teacher ${of.courses[course]?.teacher} teaches ${other} then`;
        return { ...when, blockers: [{ rule: "conflicts", text }], places: [] };
      }
      const places = of.rooms.map((_, room) => {
        const cost = draw(4);
        return {
          room,
          cost,
          violations: 0,
          rules: [{ rule: "isolated_lectures", cost }],
          blockers: [],
          swap: null,
        };
      });
      return { ...when, blockers: [], places: places.sort((a, b) => a.cost - b.cost) };
    }),
  };
}

const HARD = ["lectures", "conflicts", "availability", "room_occupancy"];
const SOFT = { room_capacity: 1, min_working_days: 5, isolated_lectures: 2, room_stability: 1 };

function summed(
  lectures: readonly Lecture[],
  courses: readonly Course[],
  broken: boolean,
): Pick<Timetable, "penalties" | "cost" | "violations"> {
  const reasons = [...lectures, ...courses].flatMap((each) => each.reasons);
  const hard = HARD.map((rule) => ({
    rule,
    kind: "hard" as const,
    weight: 0,
    amount: broken && rule === "conflicts" ? 1 : 0,
    cost: 0,
  }));
  const soft = Object.entries(SOFT).map(([rule, weight]) => {
    const cost = reasons.reduce((sum, reason) => sum + (reason.rule === rule ? reason.cost : 0), 0);
    return { rule, kind: "soft" as const, weight, amount: cost / weight, cost };
  });
  return {
    penalties: [...hard, ...soft],
    cost: soft.reduce((sum, { cost }) => sum + cost, 0),
    violations: broken ? 1 : 0,
  };
}
