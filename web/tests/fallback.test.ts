import { describe, expect, it, vi } from "vitest";
import { Follower, type Following } from "../src/api/follower";
import { ProgressStore } from "../src/api/progress-store";
import { isEnd, type ProgressInfo } from "../src/api/types";
import { answering, Browser, settle, snapshot } from "./parts";

function follow(browser = new Browser()) {
  const changed = vi.fn();
  return { browser, changed, follower: new Follower("job", browser.environment, changed) };
}

/** What the service calls the last word, and all before it. */
const nameOf = ({ status }: ProgressInfo) => (isEnd(status) ? "done" : "progress");

/** The same service, reached by one way only. */
const WAYS: Record<string, (told: ProgressInfo[]) => Promise<Following>> = {
  "Server-Sent Events": async (told) => {
    const { browser, follower } = follow();
    for (const each of told) browser.source.tell(nameOf(each), each);
    return follower.state;
  },
  WebSocket: async (told) => {
    const browser = new Browser();
    Object.assign(browser.environment, { EventSource: undefined });
    const { follower } = follow(browser);
    for (const data of told) browser.socket.tell("message", { event: nameOf(data), data });
    return follower.state;
  },
  polling: async (told) => {
    const browser = new Browser();
    Object.assign(browser.environment, { EventSource: undefined, WebSocket: undefined });
    browser.answers = told.map((each) => answering(each));
    const { follower } = follow(browser);
    await browser.pass(5 * told.length);
    return follower.state;
  },
};

describe.each(Object.entries(WAYS))("by %s", (_, hear) => {
  it("the same snapshots are shown, the older ones left out", async () => {
    const told = [snapshot(1), snapshot(30), snapshot(29), snapshot(31, { overall_progress: 12 })];
    const shown = (await hear(told)).snapshot;
    expect(shown).toEqual(snapshot(31, { overall_progress: 30 }));
  });

  it("the end is the end", async () => {
    const last = snapshot(9, { status: "completed", overall_progress: 100, eta_seconds: 0 });
    const state = await hear([snapshot(8), last]);
    expect(state).toMatchObject({ ended: true, snapshot: last, transport: null });
  });
});

describe("an end that another attempt followed", () => {
  it.each([
    ["Server-Sent Events", false],
    ["WebSocket", true],
  ])("is not the last word by %s", (_, bySocket) => {
    const browser = new Browser();
    if (bySocket) Object.assign(browser.environment, { EventSource: undefined });
    const { follower } = follow(browser);
    const tell = (event: string, data: ProgressInfo) =>
      bySocket ? browser.socket.tell("message", { event, data }) : browser.source.tell(event, data);
    const began = { attempt: 2, started_at: 1_740_000_200 };
    tell("progress", snapshot(9, { status: "failed" }));
    tell("progress", snapshot(1, began));
    expect(follower.state).toMatchObject({ ended: false, connection: "live", snapshot: began });
    tell("done", snapshot(2, { ...began, status: "completed" }));
    expect(follower.state).toMatchObject({ ended: true, snapshot: { status: "completed" } });
  });
});

describe("a stream that breaks", () => {
  it("is opened again after 1 s each time news had come through", async () => {
    const { browser } = follow();
    for (let seq = 1; seq <= 8; seq += 1) {
      browser.source.tell("progress", snapshot(seq));
      browser.source.tell("error");
      await browser.pass(1.1);
      expect(browser.sources).toHaveLength(seq + 1);
    }
    expect(browser.sockets).toHaveLength(0);
  });

  it("counts its tries on though each opens, if nothing comes through", async () => {
    const { browser } = follow();
    for (let time = 0; time < 6; time += 1) {
      browser.source.tell("connected");
      browser.source.tell("error");
      await browser.pass(2 ** time + 0.1);
    }
    expect(browser.sources).toHaveLength(6);
    expect(browser.sockets).toHaveLength(1);
  });

  it("is not opened for ever where no stream gets through: twelve tries, then a minute's rest", async () => {
    const { browser } = follow();
    browser.answers = [answering(snapshot(7))];
    const opened = () => browser.sources.length + browser.sockets.length;
    const fail = async () => {
      for (let second = 0; second < 40; second += 1) {
        browser.source.tell("error");
        if (browser.sockets.length > 0) browser.socket.tell("close");
        await browser.pass(1);
      }
    };
    await fail();
    await fail();
    expect(opened()).toBe(12);
    await browser.pass(50);
    expect(opened()).toBe(13);
  });

  it.each([
    ["fails", 11],
    ["is held up", 21],
  ])("is replaced by asking when the second kind %s too", async (_, seconds) => {
    const { browser, follower } = follow();
    browser.answers = [answering(snapshot(7))];
    await browser.pass(seconds);
    expect(browser.sockets).toHaveLength(1);
    browser.socket.tell("close");
    await settle();
    expect(follower.state).toMatchObject({ connection: "polling", snapshot: { seq: 7 } });
  });

  it.each([
    ["the first event", 0],
    ["anything after a break", 1],
  ])("is left for the next kind when a proxy never lets through %s", async (_, breaks) => {
    const { browser, follower } = follow();
    browser.answers = [answering(snapshot(7))];
    for (let seq = 1; seq <= breaks; seq += 1) {
      browser.source.tell("progress", snapshot(seq));
      browser.source.tell("error");
      await browser.pass(1);
    }
    await browser.pass(11);
    expect(browser.sources).toHaveLength(1 + breaks);
    expect(browser.source.closed).toBe(true);
    expect(browser.sockets).toHaveLength(1);
    browser.socket.tell("message", { event: "progress", data: snapshot(8) });
    expect(follower.state).toMatchObject({ connection: "live", transport: "websocket" });
    const before = browser.asked;
    await browser.pass(20);
    expect(browser.asked).toBe(before);
  });
});

describe("an open stream that is silent", () => {
  it("is left if asking twice tells more than it did", async () => {
    const { browser, follower } = follow();
    browser.source.tell("progress", snapshot(1));
    browser.answers = [answering(snapshot(2)), answering(snapshot(3))];
    await browser.pass(31);
    expect(follower.state.connection).toBe("live");
    await browser.pass(5);
    expect(browser.source.closed).toBe(true);
    expect(browser.sockets).toHaveLength(1);
    expect(follower.state).toMatchObject({ connection: "polling", snapshot: { seq: 3 } });
  });

  it.each([
    ["waits in the queue, known by its bare state", snapshot(0, { status: "queued" })],
    ["has said all there is to say", snapshot(5)],
  ])("stays live while the job %s", async (_, same) => {
    const { browser, follower } = follow();
    browser.source.tell("progress", same);
    browser.answers = [answering(same)];
    await browser.pass(120);
    expect(follower.state).toMatchObject({ connection: "live", transport: "sse" });
    expect(browser.sources).toHaveLength(1);
    expect(browser.sockets).toHaveLength(0);
  });

  it("is of a lost job as soon as the service says so, until there is news", () => {
    const { browser, follower } = follow();
    browser.source.tell("progress", snapshot(5));
    browser.source.tell("progress", snapshot(5, { lost: true }));
    expect(follower.state).toMatchObject({ lost: true, connection: "live", snapshot: { seq: 5 } });
    browser.source.tell("progress", snapshot(6));
    expect(follower.state.lost).toBe(false);
  });

  it("is of a lost job if the service has heard nothing of it either", async () => {
    const { browser, follower } = follow();
    browser.source.tell("progress", snapshot(5));
    browser.answers = [answering(snapshot(5))];
    await browser.pass(31);
    expect(follower.state).toMatchObject({ lost: true, connection: "live" });
    browser.source.tell("progress", snapshot(6));
    expect(follower.state.lost).toBe(false);
  });
});

describe("the network", () => {
  it("says that nothing gets through as soon as it is gone, and all is tried anew when it is back", async () => {
    const browser = new Browser();
    const network = new EventTarget();
    browser.environment.network = network;
    const { follower } = follow(browser);
    browser.source.tell("progress", snapshot(1));
    network.dispatchEvent(new Event("offline"));
    expect(follower.state).toMatchObject({ connection: "disconnected", snapshot: { seq: 1 } });
    network.dispatchEvent(new Event("online"));
    expect(browser.sources).toHaveLength(2);
    follower.stop();
    network.dispatchEvent(new Event("online"));
    expect(browser.sources).toHaveLength(2);
  });

  it("may be away while asking, and the page asks again", async () => {
    const browser = new Browser();
    Object.assign(browser.environment, { EventSource: undefined, WebSocket: undefined });
    const { follower } = follow(browser);
    await settle();
    expect(follower.state).toMatchObject({ connection: "disconnected", transport: null });
    browser.answers = [answering(snapshot(2))];
    await browser.pass(5);
    expect(follower.state).toMatchObject({ connection: "polling", transport: "polling" });
  });
});

describe("the store", () => {
  it("has a connection a job, and counts each viewer of it, the same one twice", () => {
    const browser = new Browser();
    const store = new ProgressStore(browser.environment);
    const changed = vi.fn();
    const leave = [
      store.watch("a", changed),
      store.watch("a", changed),
      store.watch("b", () => {}),
    ];
    expect(browser.sources.map(({ url }) => url)).toEqual([
      "/api/generation/stream/a/",
      "/api/generation/stream/b/",
    ]);
    browser.sources[0]?.tell("progress", snapshot(1));
    expect(store.current("a").snapshot?.seq).toBe(1);
    expect(store.current("b").snapshot).toBeNull();
    leave[0]?.();
    leave[0]?.();
    expect(browser.sources[0]?.closed).toBe(false);
    leave[1]?.();
    expect(browser.sources.map(({ closed }) => closed)).toEqual([true, false]);
    leave[2]?.();
  });

  it("forgets a job that nobody looks at, and follows it anew for the next", () => {
    const browser = new Browser();
    const store = new ProgressStore(browser.environment);
    store.watch("a", () => {})();
    expect(store.current("a").connection).toBe("connecting");
    store.watch("a", () => {});
    expect(browser.sources).toHaveLength(2);
  });

  it("begins anew for all who watch when asked to, on one connection", () => {
    const browser = new Browser();
    const store = new ProgressStore(browser.environment);
    const changed = vi.fn();
    store.watch("a", changed);
    store.restart("a");
    expect(changed).toHaveBeenCalledTimes(1);
    expect(browser.sources.map(({ closed }) => closed)).toEqual([true, false]);
  });
});
