/** The timetable document. Courses, rooms and lectures refer to each other by their place in the lists. */
export interface Timetable {
  instance: string;
  formulation: string;
  num_days: number;
  periods_per_day: number;
  cost: number;
  violations: number;
  bound: number | null;
  daily_lectures: number[] | null;
  /** Places that lectures keep: course, period of the week, room. */
  pins: (number | null)[][];
  /** Lectures of the timetable that people had: course, period of the week, room. */
  before: number[][];
  max_changes: number | null;
  /** What a unit of each soft rule costs. */
  weights: Record<string, number>;
  penalties: Penalty[];
  rooms: { id: string; capacity: number; building: string }[];
  teachers: string[];
  curricula: { id: string; courses: number[] }[];
  courses: Course[];
  lectures: Lecture[];
}

export interface Penalty {
  rule: string;
  kind: "hard" | "soft";
  weight: number;
  amount: number;
  cost: number;
}

/** Why something costs what it costs; `cost` is 0 where a hard rule is broken. */
export interface Reason {
  rule: string;
  cost: number;
  text: string;
}

export interface Course {
  id: string;
  teacher: string;
  num_lectures: number;
  min_working_days: number;
  num_students: number;
  wants_double_lectures: boolean;
  /** Periods of the week. */
  unavailable: number[];
  /** Periods of the week. */
  undesired: number[];
  /** Rooms. */
  unsuitable: number[];
  /** What rules cost otherwise for it. */
  weights: Record<string, number>;
  reasons: Reason[];
}

export interface Lecture {
  course: number;
  day: number;
  period: number;
  room: number;
  cost: number;
  reasons: Reason[];
}
