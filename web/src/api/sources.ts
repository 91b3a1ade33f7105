import type { Environment } from "./environment";
import { isEnd, type ProgressInfo } from "./types";

/** What a stream says: that it is open, or how far the job is. */
export interface Listener {
  onOpen(): void;
  onSnapshot(snapshot: ProgressInfo): void;
  /** The stream is broken and will say nothing more. */
  onFailure(): void;
}

/**
 * Open a stream of a job's snapshots.
 *
 * @param cursor the last `seq` that was seen, so that what was missed since is sent again
 * @returns what closes it, or null if the browser has no such thing
 */
export type OpenStream = (
  environment: Environment,
  jobId: string,
  cursor: number | null,
  listener: Listener,
) => (() => void) | null;

const NAMES = ["progress", "snapshot", "done"];

/** Where the snapshot is asked for, once. */
export function snapshotAddress(jobId: string): string {
  return address("progress", jobId);
}

function address(kind: "stream" | "ws" | "progress", jobId: string, cursor?: number | null) {
  const query = cursor == null ? "" : `?cursor=${cursor}`;
  return `/api/generation/${kind}/${encodeURIComponent(jobId)}/${query}`;
}

export const openEventSource: OpenStream = (environment, jobId, cursor, listener) => {
  if (!environment.EventSource) return null;
  const source = new environment.EventSource(address("stream", jobId, cursor));
  const [alive, close] = once(() => source.close());
  source.addEventListener("connected", () => alive() && listener.onOpen());
  for (const name of NAMES) {
    source.addEventListener(name, (event) => alive() && tell(listener, name, parsed(event.data)));
  }
  // An EventSource would try again by itself, each time as soon; when to is decided in one place, not here.
  source.addEventListener("error", () => {
    if (!alive()) return;
    close();
    listener.onFailure();
  });
  return close;
};

export const openWebSocket: OpenStream = (environment, jobId, cursor, listener) => {
  if (!environment.WebSocket) return null;
  const url = new URL(address("ws", jobId, cursor), globalThis.location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new environment.WebSocket(url.href);
  const [alive, close] = once(() => socket.close());
  socket.addEventListener("message", (message) => {
    if (!alive()) return;
    const { event, data } = parsed(message.data) as { event?: string; data?: unknown };
    if (event === "connected") listener.onOpen();
    else if (event !== undefined && NAMES.includes(event)) tell(listener, event, data);
  });
  const fail = () => {
    if (!alive()) return;
    close();
    listener.onFailure();
  };
  socket.addEventListener("close", fail);
  socket.addEventListener("error", fail);
  return close;
};

function once(end: () => void): [alive: () => boolean, close: () => void] {
  let isAlive = true;
  const close = () => {
    isAlive = false;
    end();
  };
  return [() => isAlive, close];
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return {};
  }
}

function tell(listener: Listener, name: string, data: unknown): void {
  if (typeof data !== "object" || data === null || !("overall_progress" in data)) return;
  const snapshot = data as ProgressInfo;
  // An end under another name was not the last word: another attempt followed, and is told of next.
  if (name === "done" || !isEnd(snapshot.status)) listener.onSnapshot(snapshot);
}
