import { fireEvent, render, screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { browser as ownBrowser } from "../src/api/environment";
import { isEnd } from "../src/api/types";
import { Announcer } from "../src/components/Announcer";
import { asked, browser, JOB, job, open, pass, refused, tell, wait } from "./page";
import { answering, snapshot } from "./parts";

const ALGORITHMS = /\b(GA|RL|CP-?SAT)\b|genetic|reinforcement|generation \d|anneal|tabu/i;

describe("the way in", () => {
  it("is a form for a token where the service does not know the reader", async () => {
    await open("/", { "GET /api/session/": refused(401) });
    expect(screen.getByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(screen.getByLabelText("Token").getAttribute("type")).toBe("password");
  });

  it("says that the service is out of reach, and can be tried again", async () => {
    const away = () => {
      throw new TypeError("no network");
    };
    await open("/", { "GET /api/session/": away });
    const alert = screen.getByRole("alert");
    expect(alert.textContent).toMatch(/cannot be reached/);
    expect(within(alert).getByRole("button", { name: "Try again" })).toBeTruthy();
  });

  it("is no way out before the service has said that one is out", async () => {
    let answer = (): Response => {
      throw new TypeError("no network");
    };
    await open("/", { "DELETE /api/session/": () => answer() });
    const signOut = async () => {
      fireEvent.click(screen.getByRole("button", { name: "Sign out" }));
      await wait();
    };
    await signOut();
    expect(screen.getByRole("alert").textContent).toMatch(
      /^You are still signed in. The service cannot be reached/,
    );
    expect(screen.queryByRole("heading", { name: "Sign in" })).toBeNull();
    answer = refused(429);
    await signOut();
    expect(screen.getByRole("alert").textContent).not.toMatch(/cannot be reached/);
    answer = refused(401);
    await signOut();
    expect(screen.getByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("the list", () => {
  it("says what to do while it is empty", async () => {
    await open("/", { "GET /api/generation-jobs/": answering({ jobs: [], total: 0 }) });
    expect(screen.getByText("No timetables yet")).toBeTruthy();
  });

  it("has a bar with words for a run that goes on", async () => {
    const jobs = [await job(snapshot(40), "running")().json()];
    await open("/", { "GET /api/generation-jobs/": answering({ jobs, total: 1 }) });
    const bar = screen.getByRole("progressbar", { name: "Progress of comp01" });
    expect(bar.getAttribute("aria-valuetext")).toMatch(/40/);
  });

  it("claims no percentage of a run of which only the state is known", async () => {
    const jobs = [await job(snapshot(0, { overall_progress: 0 }), "running")().json()];
    await open("/", { "GET /api/generation-jobs/": answering({ jobs, total: 1 }) });
    expect(screen.getByRole("link", { name: "comp01" })).toBeTruthy();
    expect(screen.queryByRole("progressbar")).toBeNull();
    expect(screen.queryByText(/%/)).toBeNull();
  });

  it("goes on for as long as there are runs, and what is there stays meanwhile", async () => {
    const one = await job(snapshot(40))().json();
    const jobs = Array.from({ length: 130 }, (_, n) => ({ ...one, job_id: `job-${n}` }));
    const list = (address: string) => {
      const asked = new URLSearchParams(address.replace(/.*\?/, ""));
      const [limit, offset] = [Number(asked.get("limit")), Number(asked.get("offset"))];
      if (limit > 100) return refused(422)();
      // A run that was started in between has moved the later ones on.
      const from = Math.max(0, offset - 1);
      return answering({ jobs: jobs.slice(from, from + limit), total: jobs.length })();
    };
    const { container } = await open("/", { "GET /api/generation-jobs/": list });
    const shown = () => container.querySelectorAll(".job-row").length;
    for (const number of [20, 40, 60, 80, 100]) {
      expect(shown()).toBe(number);
      fireEvent.click(screen.getByRole("button", { name: /^Show more/ }));
      expect(shown()).toBe(number);
      await wait();
    }
    expect(shown()).toBe(119);
  });

  it("opens a run where the keyboard then begins to read it", async () => {
    const jobs = [await job(snapshot(40))().json()];
    await open("/", { "GET /api/generation-jobs/": answering({ jobs, total: 1 }) });
    expect(document.activeElement).toBe(document.body);
    fireEvent.click(screen.getByRole("link", { name: "comp01" }));
    await wait();
    expect(document.activeElement).toBe(screen.getByRole("main"));
  });
});

describe("the page of a job", () => {
  it.each([
    ["cancelled", "It was ended before it was done."],
    ["completed", "Done"],
  ] as const)("speaks of no timetable where the job is another flow's: %s", async (end, said) => {
    const stages = [{ id: "training", label: "Training", start: 0, end: 100 }];
    const metadata = { cost: 0.73, completed_items: 3, total_items: 9 };
    const now = snapshot(40, { stages, stage: "training", stage_label: "Training", metadata });
    const { container } = await open("/jobs/job", { [`GET ${JOB}`]: job(now) });
    await tell("progress", { ...now, seq: 41, stalled: true });
    expect(screen.getByText(/asks the run to end with what it has/)).toBeTruthy();
    expect(container.textContent).not.toMatch(/timetable so far|Cost/);
    await tell("done", { ...now, seq: 42, status: end, stalled: false });
    expect(screen.getByText(said)).toBeTruthy();
    expect(container.textContent).not.toMatch(/(the|no|best) timetable/i);
  });

  it("says that it is denied, and shows nothing of it", async () => {
    await open("/jobs/job", { [`GET ${JOB}`]: refused(403) });
    expect(screen.getByRole("alert").textContent).toMatch(/not yours to see/);
    expect(screen.queryByRole("progressbar")).toBeNull();
  });

  it("asks who one is when the session has run out meanwhile", async () => {
    await open("/jobs/job", { [`GET ${JOB}`]: job(snapshot(40)) });
    browser.answers = [refused(401)];
    await tell("error");
    await wait();
    expect(screen.getByRole("heading", { name: "Sign in" })).toBeTruthy();
  });

  it("is drawn while nothing is known yet, and while nothing gets through", async () => {
    await open("/jobs/job", { [`GET ${JOB}`]: refused(503) });
    expect(screen.getByText("Loading")).toBeTruthy();
    await tell("error");
    expect(screen.getByRole("alert").textContent).toMatch(/cannot be reached/);
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(browser.sources).toHaveLength(2);
  });

  it("is live, then disconnected, then asks, and says each in words", async () => {
    await open("/jobs/job", { [`GET ${JOB}`]: job(null) });
    await tell("progress", snapshot(40));
    expect(screen.getByText("Live")).toBeTruthy();
    await tell("error");
    expect(screen.getByText("Disconnected")).toBeTruthy();
    Object.assign(ownBrowser, { EventSource: undefined, WebSocket: undefined });
    browser.answers = [answering(snapshot(41))];
    await pass(31);
    expect(screen.getByText("Checking every 5 s")).toBeTruthy();
  });

  it("says that a run has gone silent", async () => {
    await open("/jobs/job", { [`GET ${JOB}`]: job(null) });
    const silent = snapshot(40, { last_updated: 1_740_000_010 });
    browser.answers = [answering(silent)];
    await tell("progress", silent);
    await wait();
    expect(screen.getByText("This run has gone silent")).toBeTruthy();
    expect(screen.queryByText("Live")).toBeNull();
    expect(screen.queryByRole("button", { name: "Finish now" })).toBeNull();
  });

  it("says why a run failed, where it stopped, and is not called live", async () => {
    const failed = snapshot(40, { status: "failed", metadata: { error: "No room for a course" } });
    await open("/jobs/job", { [`GET ${JOB}`]: job(failed, "failed") });
    await tell("done", failed);
    expect(screen.getByRole("alert").textContent).toMatch(/run failed.*No room for a course/);
    expect(screen.getByText("Stopped at: Improving the schedule")).toBeTruthy();
    expect(screen.queryByText("Live")).toBeNull();
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it.each(["queued", "running", "failed", "cancelled"] as const)(
    "has no algorithm's name on it while the run is %s",
    async (status) => {
      const now = snapshot(40, { status, message: "GA generation 12/200, CP-SAT, RL, tabu" });
      const { container } = await open("/jobs/job", { [`GET ${JOB}`]: job(now, status) });
      await tell(isEnd(status) ? "done" : "progress", now);
      expect(container.textContent).toMatch(/Resolving conflicts/);
      expect(container.textContent).not.toMatch(ALGORITHMS);
    },
  );

  it("keeps the keyboard at what was pressed, takes it once, and says what comes of it", async () => {
    await open("/jobs/job", {
      [`GET ${JOB}`]: job(snapshot(40)),
      [`POST ${JOB}finish/`]: answering({}, 202),
    });
    const finish = screen.getByRole("button", { name: "Finish now" });
    fireEvent.click(finish);
    await wait();
    expect(finish.textContent).toBe("Finishing …");
    expect(finish.hasAttribute("disabled")).toBe(false);
    expect(finish.getAttribute("aria-disabled")).toBe("true");
    fireEvent.click(finish);
    await wait();
    expect(asked.filter((each) => each.endsWith("finish/"))).toHaveLength(1);
    expect(screen.getByText(/^The search stops/).role).toBe("status");
  });

  it("cancels only what was confirmed, and finishes at once", async () => {
    // jsdom has dialogs, but cannot open them.
    HTMLDialogElement.prototype.showModal = function open() {
      this.open = true;
    };
    HTMLDialogElement.prototype.close = function close() {
      this.dispatchEvent(new Event("close"));
    };
    await open("/jobs/job", {
      [`GET ${JOB}`]: job(snapshot(40)),
      [`DELETE ${JOB}cancel/`]: answering({}, 202),
      [`POST ${JOB}finish/`]: answering({}, 202),
    });
    fireEvent.click(screen.getByRole("button", { name: "Finish now" }));
    await wait();
    expect(asked).toContain(`POST ${JOB}finish/`);
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(asked).not.toContain(`DELETE ${JOB}cancel/`);
    fireEvent.click(screen.getByRole("button", { name: "Cancel the run" }));
    await wait();
    expect(asked).toContain(`DELETE ${JOB}cancel/`);
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});

describe("the voice", () => {
  it("speaks at a new stage, every 10 % and at the end, and repeats itself otherwise never", () => {
    const at = (percent: number, fields = {}) => (
      <Announcer snapshot={snapshot(percent, { overall_progress: percent, ...fields })} />
    );
    const { rerender } = render(at(76));
    const said = () => screen.getByTestId("announcer").textContent;
    expect(said()).toMatch(/Improving the schedule.*76/);
    rerender(at(79.9));
    expect(said()).toMatch(/76/);
    rerender(at(80.4));
    expect(said()).toMatch(/^80.*left/);
    rerender(at(85));
    expect(said()).toMatch(/^80/);
    rerender(at(90, { stage: "rl_refinement", stage_label: "Resolving conflicts" }));
    expect(said()).toMatch(/Resolving conflicts/);
    rerender(at(100, { status: "completed" }));
    expect(said()).toBe("Completed.");
  });
});
