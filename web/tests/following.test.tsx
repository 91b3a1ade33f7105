import { act, renderHook } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ProgressStore } from "../src/api/progress-store";
import { useProgress } from "../src/hooks/useProgress";
import { answering, Browser, snapshot } from "./parts";

function follow(browser = new Browser()) {
  const store = new ProgressStore(browser.environment);
  const [onEnd, onError] = [vi.fn(), vi.fn()];
  const hook = renderHook(() => useProgress("job", { store, onEnd, onError }));
  const pass = (seconds: number) => act(() => browser.pass(seconds));
  const tell = (name: string, data?: unknown) => act(() => browser.source.tell(name, data));
  return { browser, store, onEnd, onError, hook, pass, tell };
}

describe("following a job", () => {
  it("is live from the first event to the last, which is called out once", () => {
    const { hook, tell, onEnd, browser } = follow();
    expect(hook.result.current.connection).toBe("connecting");
    tell("connected", { job_id: "job" });
    tell("progress", snapshot(1));
    expect(hook.result.current).toMatchObject({ connection: "live", transport: "sse" });
    const last = snapshot(2, { status: "completed", overall_progress: 100 });
    tell("done", last);
    expect(hook.result.current.ended).toBe(true);
    expect(onEnd.mock.calls).toEqual([[last]]);
    expect(browser.source.closed).toBe(true);
  });

  it("shows nothing older, and never a lower percentage", () => {
    const { hook, tell } = follow();
    tell("progress", snapshot(40));
    tell("progress", snapshot(39));
    tell("progress", snapshot(41, { overall_progress: 12 }));
    expect(hook.result.current.snapshot).toMatchObject({ seq: 41, overall_progress: 40 });
  });

  it("opens one stream, however often it is drawn and whatever happens to the connection", async () => {
    const { hook, tell, browser, pass } = follow();
    tell("progress", snapshot(1));
    for (let time = 0; time < 20; time += 1) hook.rerender();
    expect(browser.sources).toHaveLength(1);
    tell("error");
    for (let time = 0; time < 20; time += 1) hook.rerender();
    await pass(0.9);
    expect(browser.sources).toHaveLength(1);
    await pass(0.2);
    expect(browser.sources).toHaveLength(2);
    expect(browser.source.url).toBe("/api/generation/stream/job/?cursor=1");
  });

  it("tries again after 1, 2, 4, 8 and 16 s, then takes a WebSocket, then asks every 5 s", async () => {
    const { hook, tell, browser, pass } = follow();
    tell("error");
    for (const [tries, seconds] of [1, 2, 4, 8, 16].entries()) {
      await pass(seconds - 0.1);
      expect(browser.sources).toHaveLength(tries + 1);
      await pass(0.2);
      tell("error");
    }
    expect(browser.sources).toHaveLength(6);
    expect(browser.sockets).toHaveLength(1);

    browser.answers = [answering(snapshot(7))];
    for (const seconds of [0, 1, 2, 4, 8, 16]) {
      await pass(seconds + 0.1);
      act(() => browser.socket.tell("close"));
    }
    await pass(0.1);
    expect(hook.result.current).toMatchObject({ connection: "polling", transport: "polling" });
    const before = browser.asked;
    await pass(20);
    expect(browser.asked - before).toBe(4);
  });

  it("hears the same by WebSocket", async () => {
    const browser = new Browser();
    Object.assign(browser.environment, { EventSource: undefined });
    const { hook } = follow(browser);
    act(() => browser.socket.tell("message", { event: "connected", id: 0, data: {} }));
    act(() => browser.socket.tell("message", { event: "progress", id: 3, data: snapshot(3) }));
    expect(hook.result.current).toMatchObject({
      connection: "live",
      transport: "websocket",
      snapshot: snapshot(3),
    });
  });

  it("asks when an open stream says nothing for 30 s", async () => {
    const { hook, tell, browser, pass } = follow();
    browser.answers = [answering(snapshot(5))];
    tell("connected");
    await pass(29);
    expect(browser.asked).toBe(0);
    await pass(2);
    expect(browser.asked).toBe(1);
    expect(hook.result.current.snapshot?.seq).toBe(5);
  });

  it("says once why a job cannot be followed, and lets go", async () => {
    const { hook, tell, browser, pass, onError } = follow();
    browser.answers = [answering({ title: "Denied", status: 403 }, 403)];
    tell("error");
    await pass(60);
    expect(hook.result.current.problem?.status).toBe(403);
    expect(onError).toHaveBeenCalledTimes(1);
    expect(browser.sources).toHaveLength(1);
  });

  it("is one connection for all who look, and none when the last one leaves", () => {
    const { browser, store, hook } = follow();
    const other = renderHook(() => useProgress("job", { store }));
    expect(browser.sources).toHaveLength(1);
    hook.unmount();
    expect(browser.source.closed).toBe(false);
    other.unmount();
    expect(browser.source.closed).toBe(true);
  });
});
