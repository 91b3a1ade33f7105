import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { asked, JOB, job, open, wait } from "./page";
import { answering, snapshot } from "./parts";

const button = () => screen.getByRole("button", { name: "Make the timetable" });

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
    fireEvent.click(button());
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

  it("may be the same file again, once it was corrected", async () => {
    await choose("UD2");
    const group = screen.getByRole("group", { name: "Places that must stay" });
    let value = "C:\\fakepath\\pins.txt";
    // A browser says nothing of a file whose name is there already.
    Object.defineProperty(group.querySelector("input"), "value", {
      get: () => value,
      set: (to) => {
        value = to;
      },
    });
    await give("Places that must stay", new File(["x"], "pins.txt"));
    expect(value).toBe("");
  });

  it("is not sent with a file that has changed, and says which one it is", async () => {
    await choose("UD2");
    const pins = new File(["x"], "pins.txt");
    await give("Places that must stay", pins);
    const gone = () => Promise.reject(new DOMException("It was modified", "NotReadableError"));
    pins.slice = () => Object.assign(new Blob(), { arrayBuffer: gone });
    expect(await press()).toBeUndefined();
    const told = screen.getByRole("alert").textContent;
    expect(told).toMatch(
      /^pins\.txt cannot be read.*has changed since it was chosen.*Choose a file again\.$/,
    );
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

  it("is checked by its weights, once their field is left", async () => {
    await choose("UD2");
    const leave = async (value: string) => {
      set(/^No gaps in a day/, value);
      await wait();
      const before = checked.length;
      fireEvent.blur(field(/^No gaps in a day/));
      // It may have been left for this button.
      expect(button().hasAttribute("disabled")).toBe(false);
      await wait();
      return checked.slice(before).map((form) => form.get("weights"));
    };
    expect(await leave("3")).toEqual(['{"windows":3}']);
    expect(await leave("3")).toEqual([]);
    expect(await leave("101")).toEqual([]);
    expect(await leave("")).toEqual([null]);
    expect(checked).toHaveLength(3);
  });

  it("is checked once by other rules, with the weights that mean something there", async () => {
    await choose("UD3");
    set(/^A room that suits/, "9");
    fireEvent.blur(field(/^A room that suits/));
    await wait();
    const before = checked.length;
    fireEvent.change(screen.getByLabelText(/^Rules/), { target: { value: "UD4" } });
    await wait();
    const forms = checked.slice(before);
    expect(forms.map((form) => [form.get("formulation"), form.get("weights")])).toEqual([
      ["UD4", null],
    ]);
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

  it("has no number that the service would not take, and says where it is", async () => {
    await choose("UD2");
    await give("The timetable until now", new File(["x"], "old.csv"));
    for (const title of [/^Seed/, /^Most changes/]) {
      set(title, "2147483647");
      expect(field(title).checkValidity()).toBe(true);
      set(title, "2147483648");
      expect(field(title).checkValidity()).toBe(false);
      expect(field(title).closest("details")?.open).toBe(true);
    }
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
