import { fireEvent, render, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { timetable } from "../dev/university";
import { Penalties } from "../src/components/Penalties";
import { TimetableView } from "../src/components/timetable/TimetableView";
import { entriesOf, found, neighbour } from "../src/components/timetable/views";

const small = timetable("small", 60, true);
const first = <T,>(things: readonly T[]): T => {
  const [thing] = things;
  if (thing === undefined) throw new Error("expected at least one, got none");
  return thing;
};

describe("a timetable seen from a room, a teacher or a curriculum", () => {
  it("has each lecture in one room, with its teacher, and in each curriculum of its course", () => {
    const held = (view: "room" | "teacher" | "curriculum") =>
      entriesOf(small, view).flatMap((entry) => entry.lectures).length;
    const inCurricula = small.lectures.reduce(
      (sum, { course }) =>
        sum + small.curricula.filter(({ courses }) => courses.includes(course)).length,
      0,
    );
    expect(held("room")).toBe(small.lectures.length);
    expect(held("teacher")).toBe(small.lectures.length);
    expect(held("curriculum")).toBe(inCurricula);
  });

  it("is found by its own name and by that of a course it holds", () => {
    const rooms = entriesOf(small, "room");
    const course = small.courses.findIndex(({ id }) => id === "MAT101");
    const itsRooms = new Set(small.lectures.filter((l) => l.course === course).map((l) => l.room));
    expect(
      found(rooms, small, "mat101")
        .map(({ index }) => index)
        .sort(),
    ).toEqual([...itsRooms].sort());
    expect(found(rooms, small, first(rooms).name)).toContain(rooms[0]);
    expect(found(rooms, small, "nobody")).toEqual([]);
  });

  it("is walked by arrow keys: the nearest lecture that way, along the row or column first", () => {
    const at = (place: number, day: number, period: number) => ({ place, day, period });
    const lectures = [at(0, 0, 0), at(1, 4, 0), at(2, 1, 2), at(3, 0, 5)];
    const from = at(0, 0, 0);
    expect(neighbour(lectures, from, "ArrowRight")).toBe(1);
    expect(neighbour(lectures, from, "ArrowDown")).toBe(3);
    expect(neighbour(lectures, from, "ArrowLeft")).toBeNull();
    expect(neighbour(lectures, from, "Enter")).toBeNull();
  });
});

describe("the grid", () => {
  it("has a head for each day and period, and shows one entry at a time", () => {
    render(<TimetableView timetable={small} />);
    expect(screen.getAllByRole("columnheader")).toHaveLength(small.num_days);
    expect(screen.getAllByRole("rowheader")).toHaveLength(small.periods_per_day);
    const shown = screen.getAllByRole("button", { pressed: false });
    expect(shown).toHaveLength(first(entriesOf(small, "room")).lectures.length);
  });

  it("shows what a lecture costs and why, and leads on to its teacher", () => {
    render(<TimetableView timetable={small} />);
    const costly = first(screen.getAllByRole("button", { name: /costs \d/ }));
    fireEvent.click(costly);
    expect(costly.getAttribute("aria-pressed")).toBe("true");
    const lecture = small.lectures[Number(costly.dataset.place)];
    const details = screen.getByRole("complementary");
    for (const { text } of lecture?.reasons ?? []) {
      expect(within(details).getAllByText(text).length).toBeGreaterThan(0);
    }
    const teacher = small.courses[lecture?.course ?? -1]?.teacher ?? "";
    fireEvent.click(within(details).getByRole("button", { name: teacher }));
    expect(screen.getByRole("region", { name: `Week of ${teacher}` })).toBeTruthy();
    expect(
      (screen.getByLabelText("Teacher", { selector: "select" }) as HTMLSelectElement).value,
    ).toBe(String(small.teachers.indexOf(teacher)));
  });

  it("says in words, not by colour, that a hard rule is broken", () => {
    const lecture = small.lectures[3];
    const room = small.rooms[lecture?.room ?? -1]?.id ?? "";
    render(<TimetableView timetable={small} />);
    fireEvent.change(screen.getByLabelText("Room", { selector: "select" }), {
      target: { value: String(lecture?.room) },
    });
    const week = screen.getByRole("region", { name: `Week of ${room}` });
    fireEvent.click(within(week).getByRole("button", { name: /breaks a hard rule/ }));
    expect(screen.getByText(/hard rule, broken/)).toBeTruthy();
  });

  it("says so when nothing is called what was looked for", () => {
    render(<TimetableView timetable={small} />);
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "nobody" } });
    expect(screen.getByText(/Nothing here is called “nobody”/)).toBeTruthy();
  });
});

describe("what each rule costs", () => {
  it("says the price of a unit, and where courses have prices of their own", () => {
    const rule = { rule: "room_stability", kind: "soft" as const, weight: 1, amount: 3 };
    const { rerender } = render(<Penalties penalties={[{ ...rule, cost: 3 }]} />);
    expect(screen.getByText("3 rooms beyond the first, 1 each")).toBeTruthy();
    rerender(<Penalties penalties={[{ ...rule, cost: 12 }]} />);
    expect(
      screen.getByText("3 rooms beyond the first, 1 each, some courses otherwise"),
    ).toBeTruthy();
  });
});
