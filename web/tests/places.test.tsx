import { fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { timetable } from "../dev/university";
import type { OtherPlaces } from "../src/api/places";
import { OtherPlacesView } from "../src/components/timetable/OtherPlacesView";
import { answering } from "./parts";

const small = timetable("small", 60);
const [lecture] = small.lectures;
const room = (index: number) => small.rooms[index]?.id ?? "";

const free = { cost: 0, violations: 0, rules: [], blockers: [], swap: null };
const told: OtherPlaces = {
  course: small.courses[lecture?.course ?? 0]?.id ?? "",
  day: lecture?.day ?? 0,
  period: lecture?.period ?? 0,
  room: lecture?.room ?? 0,
  formulation: "UD2",
  verdict: "No better place: each is blocked or costs more.",
  periods: Array.from({ length: small.num_days * small.periods_per_day }, (_, number) => ({
    day: Math.floor(number / small.periods_per_day),
    period: number % small.periods_per_day,
    blockers: number === 1 ? [{ rule: "conflicts", text: "teacher T teaches Algebra then" }] : [],
    places:
      number === 1
        ? [
            {
              ...free,
              room: 2,
              blockers: [{ rule: "room_occupancy", text: "room is taken by Algebra" }],
              swap: { course: "Algebra", cost: 4, violations: 0, rules: [] },
            },
          ]
        : [
            {
              ...free,
              room: 1,
              cost: 3,
              rules: [
                { rule: "min_working_days", cost: 5 },
                { rule: "isolated_lectures", cost: -2 },
              ],
            },
            ...[3, 4, 5, 6, 7].map((index) => ({ ...free, room: index, cost: 9 })),
          ],
  })),
};

const show = (answer: () => Response) => {
  const asked = vi.fn(async (_path: string) => answer());
  vi.stubGlobal("fetch", asked);
  render(<OtherPlacesView jobId="job" timetable={small} place={0} />);
  return asked;
};

afterEach(() => vi.unstubAllGlobals());

describe("other places of a lecture", () => {
  it("are asked for by its course, day and period, and each period says what it would cost", async () => {
    const asked = show(answering(told));
    expect(screen.getByText("Weighing other places")).toBeTruthy();
    expect(await screen.findByText(told.verdict)).toBeTruthy();
    const query = new URLSearchParams({
      course: told.course,
      day: String(told.day),
      period: String(told.period),
    });
    expect(asked.mock.calls[0]?.[0]).toBe(`/api/generation-jobs/job/places/?${query}`);
    expect(screen.getAllByRole("button")).toHaveLength(told.periods.length);
    expect(screen.getAllByText("+3").length).toBeGreaterThan(0);
    expect(screen.getByText("here").getAttribute("aria-label")).toMatch(
      /: here; in another room: /,
    );
  });

  it("say in words and with a sign that a period is blocked, by what, and who could change places", async () => {
    show(answering(told));
    const blocked = await screen.findByRole("button", { name: "Monday, period 2: blocked" });
    expect(blocked.textContent).toBe("×");
    fireEvent.click(blocked);
    expect(blocked.getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByText(/teacher T teaches Algebra then/)).toBeTruthy();
    expect(screen.getByText(/Changing places with Algebra/).textContent).toContain("costs +4");
  });

  it("have the rooms of a period with their costs by rule, a few at first and all if wanted", async () => {
    show(answering(told));
    fireEvent.click(
      await screen.findByRole("button", { name: `Monday, period 4: +3 in ${room(1)}` }),
    );
    const first = screen.getByText(room(1)).closest("li") as HTMLElement;
    expect(within(first).getByText(/\+5 Spread over enough days/)).toBeTruthy();
    expect(within(first).getByText(/-2 No lonely lectures/)).toBeTruthy();
    expect(screen.queryByText(room(7))).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Show 1 more room" }));
    expect(screen.getByText(room(7))).toBeTruthy();
  });

  it("are walked by arrow keys", async () => {
    show(answering(told));
    const from = await screen.findByRole("button", { name: "Monday, period 2: blocked" });
    from.focus();
    fireEvent.keyDown(from, { key: "ArrowRight" });
    expect(document.activeElement?.getAttribute("data-place")).toBe(
      String(small.periods_per_day + 1),
    );
  });

  it("are not known of a timetable from an earlier version, and that is said", async () => {
    show(answering({ title: "Conflict", detail: "written by an earlier version" }, 409));
    expect(await screen.findByText(/Nothing is known of other places: written by/)).toBeTruthy();
  });

  it("can be asked for again where that failed", async () => {
    const answers = [answering({ title: "Busy" }, 503), answering(told)];
    show(() => (answers.shift() ?? answering(told))());
    fireEvent.click(await screen.findByRole("button", { name: "Try again" }));
    expect(await screen.findByText(told.verdict)).toBeTruthy();
  });
});
