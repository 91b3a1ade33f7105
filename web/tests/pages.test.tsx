import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { browser as ownBrowser } from "../src/api/environment";
import type { ProgressInfo } from "../src/api/types";
import { Announcer } from "../src/components/Announcer";
import { App } from "../src/page/App";
import { answering, Browser, settle, snapshot } from "./parts";

const JOB = "/api/generation-jobs/job/";
const ALGORITHMS = /\b(GA|RL|CP-?SAT)\b|genetic|reinforcement|generation \d|anneal|tabu/i;
const STAGES = [
  { id: "cpsat_solving", label: "Creating the initial schedule", start: 15, end: 75 },
  { id: "ga_optimization", label: "Improving the schedule", start: 75, end: 90 },
  { id: "rl_refinement", label: "Resolving conflicts", start: 90, end: 100 },
];

let browser = new Browser();
let asked: string[] = [];

beforeEach(() => {
  browser = new Browser();
  asked = [];
  Object.assign(ownBrowser, browser.environment);
  vi.stubGlobal("scrollTo", () => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

const refused = (status: number) => answering({ title: `Problem ${status}`, status }, status);

/** The page at an address, before a service that answers so; what is not named is not there. */
async function open(path: string, answers: Record<string, () => Response>) {
  const all: Record<string, () => Response> = {
    "GET /api/session/": answering({ name: "ada", is_admin: false }),
    "GET /api/stages": answering({ plan: "default", stages: STAGES }),
    "GET /api/instances/": answering({ instances: [] }),
    ...answers,
  };
  vi.stubGlobal("fetch", async (address: string, { method = "GET" }: RequestInit = {}) => {
    const question = `${method} ${address.replace(/\?.*/, "")}`;
    asked.push(question);
    return (all[question] ?? refused(404))();
  });
  history.replaceState(null, "", path);
  const page = render(<App token={null} />);
  await wait();
  return page;
}

const wait = () => act(() => settle());
const pass = (seconds: number) => act(() => browser.pass(seconds));

async function tell(name: string, data?: unknown) {
  act(() => browser.source.tell(name, data));
  await wait();
}

function job(progress: ProgressInfo | null, status = "running") {
  return answering({
    job_id: "job",
    instance: "comp01",
    owner: "ada",
    status,
    created_at: 1_740_000_000,
    started_at: 1_740_000_000,
    ended_at: null,
    parameters: { formulation: "UD2", time_limit_seconds: 120, plan: "default", seed: 0 },
    progress,
    result: null,
  });
}

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
});

describe("the data check", () => {
  const finding = {
    severity: "warning",
    rule: "fitting_room",
    message: "course a: 40 students, but the largest room it may be in, B1, has 30 seats",
    repair: "find a larger room",
    needed: 40,
    available: 30,
    courses: ["a"],
    teachers: [],
    curricula: [],
    rooms: ["B1"],
    periods: [],
    least_cost: 1200,
  };
  const proof = {
    ...finding,
    severity: "impossible",
    rule: "teacher_periods",
    message: "teacher T: 5 lectures (courses a, b) must fit into the 4 periods Mon 1-4",
    least_cost: 0,
  };

  async function choose(found: object) {
    const summary = { courses: 2, lectures: 5, rooms: 1, curricula: 0, periods: 4 };
    const checked = { name: "mine.ectt", summary, errors: [], notes: [], findings: [], ...found };
    await open("/", {
      "GET /api/generation-jobs/": answering({ jobs: [], total: 0 }),
      "GET /api/instances/": answering({ instances: [{ name: "mine.ectt", size_bytes: 9 }] }),
      "POST /api/instances/check/": answering(checked),
    });
    fireEvent.change(screen.getByLabelText("Stored data"), { target: { value: "mine.ectt" } });
    await wait();
  }
  const button = () => screen.getByRole("button", { name: "Make the timetable" });

  it("shows what rules a timetable out before what will cost, and lets a run start", async () => {
    await choose({ findings: [proof, finding] });
    const [said, warned] = ["No timetable can keep all the hard rules", "1 thing to look at"].map(
      (title) => screen.getByText(title),
    );
    expect(said?.compareDocumentPosition(warned as Node)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    expect(screen.getByText(/^Teacher T: 5 lectures/)).toBeTruthy();
    expect(screen.getByText(/Costs at least 1,200\./).textContent).toMatch(/Find a larger room\.$/);
    expect(screen.queryByText(/nothing in it rules a timetable out/)).toBeNull();
    expect(button().hasAttribute("disabled")).toBe(false);
  });

  it("keeps many of a kind together, folded while they are only warnings", async () => {
    const many = Array.from({ length: 1500 }, (_, n) => ({ ...finding, message: `course ${n}` }));
    await choose({ findings: many });
    const kind = screen.getByText("No room is large enough").closest("details");
    expect(kind?.open).toBe(false);
    expect(kind?.textContent).toMatch(/1,500.*and 1,400 more$/);
    expect(screen.getByText(/nothing in it rules a timetable out/)).toBeTruthy();
  });

  it("is made again by the rules that are chosen", async () => {
    await choose({});
    const checks = () => asked.filter((each) => each.endsWith("/check/")).length;
    expect(checks()).toBe(1);
    fireEvent.change(screen.getByLabelText(/^Rules/), { target: { value: "UD4" } });
    await wait();
    expect(checks()).toBe(2);
  });

  it("lets no run start with what cannot be read", async () => {
    await choose({ summary: {}, errors: ["mine.ectt:3: expected a number"] });
    expect(screen.getByRole("alert").textContent).toMatch(/cannot be read.*Line 3: expected/);
    expect(button().hasAttribute("disabled")).toBe(true);
  });
});

describe("what a run is asked for", () => {
  let sent: FormData[] = [];
  let checked: FormData[] = [];

  async function choose(formulation: string) {
    await open("/", {
      "GET /api/generation-jobs/": answering({ jobs: [], total: 0 }),
      "GET /api/instances/": answering({ instances: [{ name: "mine.ectt", size_bytes: 9 }] }),
      "POST /api/instances/check/": answering({
        name: "mine",
        summary: {},
        errors: [],
        notes: [],
        findings: [],
      }),
    });
    [sent, checked] = [[], []];
    const asking = fetch;
    vi.stubGlobal("fetch", (address: string, init?: RequestInit) => {
      if (address.endsWith("/generate/")) sent.push(init?.body as FormData);
      if (address.endsWith("/check/")) checked.push(init?.body as FormData);
      return asking(address, init);
    });
    fireEvent.change(screen.getByLabelText("Stored data"), { target: { value: "mine.ectt" } });
    fireEvent.change(screen.getByLabelText(/^Rules/), { target: { value: formulation } });
    await wait();
  }
  const field = (title: RegExp) => screen.getByLabelText<HTMLInputElement>(title);
  const set = (title: RegExp, value: string) =>
    fireEvent.change(field(title), { target: { value } });
  async function press() {
    fireEvent.click(screen.getByRole("button", { name: "Make the timetable" }));
    await wait();
    return sent.at(-1);
  }
  const start = async () => (await press())?.get("weights");

  function nameOf(form: FormData | undefined, field: string) {
    const file = form?.get(field);
    return file instanceof File ? file.name : null;
  }

  async function give(title: string, file: File) {
    const group = screen.getByRole("group", { name: title });
    const input = group.querySelector("input") as HTMLInputElement;
    fireEvent.change(input, { target: { files: [file] } });
    await wait();
  }

  it("has nothing to keep unless it is given", async () => {
    await choose("UD2");
    expect(screen.queryByLabelText(/^What each change costs/)).toBeNull();
    const order = await press();
    for (const name of ["before", "pins", "change_price", "max_changes"]) {
      expect(order?.has(name)).toBe(false);
    }
  });

  it("is checked and sent with the timetable until now, its price, and places that stay", async () => {
    await choose("UD2");
    await give("The timetable until now", new File(["x"], "old.csv"));
    expect(nameOf(checked.at(-1), "before")).toBe("old.csv");
    expect(field(/^What each change costs/).value).toBe("1");
    expect((await press())?.get("change_price")).toBe("1");
    set(/^What each change costs/, "5");
    set(/^Most changes/, "12");
    await give("Places that must stay", new File(["x"], "pins.txt"));
    expect(nameOf(checked.at(-1), "pins")).toBe("pins.txt");
    const order = await press();
    expect([order?.get("change_price"), order?.get("max_changes")]).toEqual(["5", "12"]);
    expect(nameOf(order, "pins")).toBe("pins.txt");

    fireEvent.click(screen.getByRole("button", { name: "Without old.csv" }));
    await wait();
    expect(checked.at(-1)?.has("before")).toBe(false);
    expect([...((await press())?.keys() ?? [])]).not.toContain("change_price");
  });

  it("is named by its file where what is wrong is not in the data", async () => {
    await choose("UD2");
    const check = { name: "mine.ectt", summary: {}, notes: [], findings: [] };
    const errors = ["old.csv:1: expected a column 'period'", "mine.ectt:3: expected a number"];
    const asking = fetch;
    vi.stubGlobal("fetch", (address: string, init?: RequestInit) =>
      address.endsWith("/check/") ? answering({ ...check, errors })() : asking(address, init),
    );
    await give("The timetable until now", new File(["x"], "old.csv"));
    const told = screen.getByRole("alert").textContent;
    expect(told).toMatch(/old\.csv:1: expected a column.*Line 3: expected a number/);
  });

  it("has the usual weights unless others are given, and only these are sent", async () => {
    await choose("UD2");
    expect(field(/^No lonely lectures/).placeholder).toBe("2");
    expect(field(/^No gaps in a day/).placeholder).toBe("0");
    expect(await start()).toBeNull();
    set(/^No gaps in a day/, "3");
    set(/^No lonely lectures/, "2");
    set(/^A seat for everyone/, "0");
    expect(JSON.parse(String(await start()))).toEqual({ windows: 3, room_capacity: 0 });
  });

  it("has no weight for a rule that must hold", async () => {
    await choose("UD3");
    set(/^A room that suits/, "9");
    expect(JSON.parse(String(await start()))).toEqual({ room_suitability: 9 });
    fireEvent.change(screen.getByLabelText(/^Rules/), { target: { value: "UD4" } });
    await wait();
    expect(screen.queryByLabelText(/^A room that suits/)).toBeNull();
    expect(await start()).toBeNull();
  });

  it("unfolds where something is wrong in it", async () => {
    await choose("UD2");
    const folded = field(/^No gaps in a day/).closest("details");
    expect(folded?.open).toBe(false);
    set(/^No gaps in a day/, "101");
    expect(field(/^No gaps in a day/).checkValidity()).toBe(false);
    expect(folded?.open).toBe(true);
  });

  it("is told in the list and on the page of a run, where weights are not the usual ones", async () => {
    const told = await job(snapshot(40))().json();
    told.parameters.weights = { windows: 3, isolated_lectures: 2 };
    await open("/", { "GET /api/generation-jobs/": answering({ jobs: [told], total: 1 }) });
    expect(screen.getByText(/^Standard \(UD2\) with no gaps in a day: 3 ·/)).toBeTruthy();
    await open("/jobs/job", { [`GET ${JOB}`]: answering(told) });
    expect(screen.getByText(/^Standard \(UD2\) with no gaps in a day: 3 · at most/)).toBeTruthy();
  });
});

describe("the page of a job", () => {
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
      await tell("progress", now);
      expect(container.textContent).toMatch(/Resolving conflicts/);
      expect(container.textContent).not.toMatch(ALGORITHMS);
    },
  );

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
