import type { Fetch } from "./http";

/** The time, and a way to be called later; the answer calls it off. */
export interface Clock {
  now(): number;
  after(milliseconds: number, call: () => void): () => void;
}

/** Everything of the browser that following a job needs, so that a test can stand in for it. */
export interface Environment {
  clock: Clock;
  fetch: Fetch;
  /** Missing where the browser, or whoever guards it, has none. */
  EventSource?: new (
    url: string,
  ) => EventSource;
  WebSocket?: new (url: string) => WebSocket;
  /** Says `online` and `offline`. */
  network?: Pick<EventTarget, "addEventListener" | "removeEventListener">;
}

export const browser: Environment = {
  clock: {
    now: () => Date.now(),
    after: (milliseconds, call) => {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
  },
  fetch: (input, init) => globalThis.fetch(input, init),
  EventSource: globalThis.EventSource,
  WebSocket: globalThis.WebSocket,
  network: globalThis.window,
};
