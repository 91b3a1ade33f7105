import type { Environment } from "./environment";
import { Problem, request } from "./http";
import { newest } from "./order";
import { type OpenStream, openEventSource, openWebSocket, snapshotAddress } from "./sources";
import { isEnd, type ProgressInfo } from "./types";

export type Connection = "connecting" | "live" | "polling" | "disconnected";
export type Transport = "sse" | "websocket" | "polling";

/** What a reader of a job's progress sees. */
export interface Following {
  snapshot: ProgressInfo | null;
  connection: Connection;
  /** What the news comes by; null while none does. */
  transport: Transport | null;
  /** Whether the job has ended; nothing is connected then. */
  ended: boolean;
  /** Whether the job's process has gone silent, though the service answers. */
  lost: boolean;
  /** Why the job cannot be followed at all: not signed in, not allowed, not there. */
  problem: Problem | null;
}

export const NOT_FOLLOWED: Following = {
  snapshot: null,
  connection: "connecting",
  transport: null,
  ended: false,
  lost: false,
  problem: null,
};

export const TRIES = 5;
export const FIRST_DELAY_MS = 1_000;
/** A stream that says nothing for so long, not even that it is open, is held up on the way: another kind may get through. */
export const OPENING_MS = 10_000;
/** After so long without an event the snapshot is asked for. A job that works has two events a second. */
export const SILENCE_MS = 30_000;
export const POLL_MS = 5_000;
export const ANSWER_MS = 10_000;
/** When every kind of stream has failed, how long until the first is tried again. */
export const RETURN_MS = 60_000;

const LADDER: readonly (readonly [Transport, OpenStream])[] = [
  ["sse", openEventSource],
  ["websocket", openWebSocket],
];

/**
 * Follows one job: by Server-Sent Events, else by WebSocket, else by asking again and again.
 *
 * A stream that breaks is opened again after 1, 2, 4, 8 and 16 s, then the next kind is tried; one that is held up on
 * the way is left at once. The counter of tries lives here, where nothing that is drawn can depend on it: as a
 * dependency of an effect it once restarted the stream for ever.
 */
export class Follower {
  state: Following = NOT_FOLLOWED;

  private rung = 0;
  private tries = 0;
  private isOpen = false;
  private isPolling = false;
  private isAsking = false;
  /** Answers in a row that knew more than the open stream had told. */
  private overtaken = 0;
  private stopped = false;
  private closeStream = () => {};
  private callOffNext = () => {};
  private callOffSilence = () => {};
  private callOffPoll = () => {};

  constructor(
    private readonly jobId: string,
    private readonly environment: Environment,
    private readonly changed: () => void,
  ) {
    environment.network?.addEventListener("online", this.begin);
    environment.network?.addEventListener("offline", this.goOffline);
    this.begin();
  }

  /** Let go of everything; nothing is called after this. */
  stop(): void {
    this.stopped = true;
    this.closeStream();
    this.callOffNext();
    this.callOffSilence();
    this.callOffPoll();
    this.environment.network?.removeEventListener("online", this.begin);
    this.environment.network?.removeEventListener("offline", this.goOffline);
  }

  private readonly begin = (): void => {
    this.rung = 0;
    this.tries = 0;
    this.listenForSilence();
    this.open();
  };

  private readonly goOffline = (): void =>
    this.set({ connection: "disconnected", transport: null });

  private open(): void {
    this.closeStream();
    this.callOffNext();
    this.isOpen = false;
    const [transport, openStream] = LADDER[this.rung] ?? [];
    if (!transport || !openStream) {
      this.rest();
      return;
    }
    const close = openStream(this.environment, this.jobId, this.state.snapshot?.seq ?? null, {
      onOpen: () => this.goLive(transport),
      onSnapshot: (snapshot) => {
        const isFirst = this.state.snapshot === null;
        this.tries = 0;
        this.overtaken = 0;
        this.isPolling = false;
        this.callOffPoll();
        this.listenForSilence();
        this.goLive(transport);
        this.show(snapshot, snapshot.lost === true);
        // Of a job that was lost before anyone looked, nothing more will come.
        if (isFirst && this.environment.clock.now() - snapshot.last_updated * 1000 > SILENCE_MS) {
          this.poll();
        }
      },
      onFailure: () => this.tryAgain(),
    });
    if (close === null) {
      this.climb();
      return;
    }
    this.closeStream = close;
    this.callOffNext = this.environment.clock.after(OPENING_MS, () => this.climb());
  }

  private goLive(transport: Transport): void {
    this.isOpen = true;
    this.callOffNext();
    this.set({ connection: "live", transport });
  }

  private tryAgain(): void {
    this.isOpen = false;
    if (!this.isPolling) this.set({ connection: "disconnected", transport: null });
    // Why it broke a stream does not say: that the job has ended, perhaps, or that one is no longer signed in.
    void this.ask();
    // That two kinds of stream fail is no short break: news is asked for meanwhile.
    if (this.rung > 0) this.poll();
    if (this.tries >= TRIES) {
      this.climb();
      return;
    }
    const delay = FIRST_DELAY_MS * 2 ** this.tries;
    this.tries += 1;
    this.callOffNext();
    this.callOffNext = this.environment.clock.after(delay, () => this.open());
  }

  /** The next kind of stream. */
  private climb(): void {
    this.rung += 1;
    this.tries = 0;
    this.overtaken = 0;
    this.open();
  }

  /** No kind of stream works: ask, and try them all again in a while. */
  private rest(): void {
    this.poll();
    this.rung = 0;
    this.callOffNext = this.environment.clock.after(RETURN_MS, () => this.open());
  }

  private listenForSilence(): void {
    this.callOffSilence();
    this.callOffSilence = this.environment.clock.after(SILENCE_MS, () => this.poll());
  }

  private poll(): void {
    if (this.isPolling || this.stopped) return;
    this.isPolling = true;
    const again = async () => {
      await this.ask();
      if (this.isPolling && !this.stopped) {
        this.callOffPoll();
        this.callOffPoll = this.environment.clock.after(POLL_MS, again);
      }
    };
    void again();
  }

  private async ask(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    const abort = new AbortController();
    const callOffAbort = this.environment.clock.after(ANSWER_MS, () => abort.abort());
    try {
      const response = await request(
        snapshotAddress(this.jobId),
        { cache: "no-store", signal: abort.signal },
        this.environment.fetch,
      );
      const snapshot = (await response.json()) as ProgressInfo;
      if (this.stopped) return;
      const serviceTime = Date.parse(response.headers.get("Date") ?? "");
      this.answered(
        snapshot,
        Number.isNaN(serviceTime) ? this.environment.clock.now() : serviceTime,
      );
    } catch (error) {
      if (this.stopped) return;
      if (error instanceof Problem && error.isFinal) {
        this.set({ problem: error, connection: "disconnected", transport: null });
        this.stop();
      } else if (this.isPolling) {
        this.set({ connection: "disconnected", transport: null });
      }
    } finally {
      callOffAbort();
      this.isAsking = false;
    }
  }

  private answered(snapshot: ProgressInfo, serviceTime: number): void {
    const before = this.state.snapshot;
    const silentFor = serviceTime - snapshot.last_updated * 1000;
    const works = snapshot.status === "running" || snapshot.status === "initializing";
    // While Redis is away the service cannot know.
    const isSilent = works && snapshot.seq > 0 && silentFor >= SILENCE_MS;
    this.show(snapshot, snapshot.lost === true || isSilent);
    if (this.stopped || !this.isPolling) return;
    if (!this.isOpen) {
      this.set({ connection: "polling", transport: "polling" });
      return;
    }
    // An open stream may be silent because there is nothing to say. Once may be chance, twice it is dead.
    this.overtaken = this.state.snapshot === before ? 0 : this.overtaken + 1;
    if (this.overtaken >= 2) {
      this.set({ connection: "polling", transport: "polling" });
      this.climb();
    }
  }

  private show(arrived: ProgressInfo, lost: boolean): void {
    const snapshot = newest(this.state.snapshot, arrived);
    if (isEnd(snapshot.status)) {
      this.set({ snapshot, lost: false, ended: true, connection: "disconnected", transport: null });
      this.stop();
    } else {
      const isNews = snapshot !== this.state.snapshot;
      this.set({ snapshot, lost: lost || (this.state.lost && !isNews) });
    }
  }

  private set(change: Partial<Following>): void {
    if (this.stopped) return;
    const names = Object.keys(change) as (keyof Following)[];
    if (names.every((name) => this.state[name] === change[name])) return;
    this.state = { ...this.state, ...change };
    this.changed();
  }
}
