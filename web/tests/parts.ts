import type { Environment } from "../src/api/environment";
import type { ProgressInfo } from "../src/api/types";

export function snapshot(seq: number, fields: Partial<ProgressInfo> = {}): ProgressInfo {
  return {
    job_id: "job",
    run_id: "run",
    attempt: 1,
    seq,
    status: "running",
    stage: "ga_optimization",
    stage_label: "Improving the schedule",
    stage_start: 75,
    stage_end: 90,
    stage_progress: 10,
    overall_progress: seq,
    work_progress: seq,
    eta_seconds: 60,
    eta_low_seconds: 50,
    eta_high_seconds: 70,
    stalled: false,
    started_at: 1_740_000_000,
    last_updated: 1_740_000_100,
    published_at: 1_740_000_100.25,
    message: "GA generation 12/200: cost 61",
    stages: [
      { id: "loading", label: "Reading the data", start: 0, end: 15 },
      { id: "cpsat_solving", label: "Creating the initial schedule", start: 15, end: 75 },
      { id: "ga_optimization", label: "Improving the schedule", start: 75, end: 90 },
      { id: "rl_refinement", label: "Resolving conflicts", start: 90, end: 100 },
    ],
    metadata: { cost: 61 },
    ...fields,
  };
}

type Listener = (event: { data: string }) => void;

/** Stands in for an EventSource or a WebSocket: what is told to it, the page hears. */
class Source {
  readonly listeners = new Map<string, Listener[]>();
  closed = false;

  constructor(readonly url: string) {}

  addEventListener(name: string, listener: Listener): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  }

  close(): void {
    this.closed = true;
  }

  tell(name: string, data: unknown = {}): void {
    for (const listener of this.listeners.get(name) ?? []) listener({ data: JSON.stringify(data) });
  }
}

/** A browser whose clock stands still until it is moved, and whose streams say what a test says. */
export class Browser {
  readonly sources: Source[] = [];
  readonly sockets: Source[] = [];
  answers: (() => Response)[] = [];
  asked = 0;
  private time = 1_740_000_100_000;
  private timers: { at: number; call: () => void }[] = [];

  readonly environment: Environment;

  constructor() {
    const { sources, sockets } = this;
    this.environment = {
      clock: {
        now: () => this.time,
        after: (milliseconds, call) => {
          const timer = { at: this.time + milliseconds, call };
          this.timers.push(timer);
          return () => {
            this.timers = this.timers.filter((each) => each !== timer);
          };
        },
      },
      fetch: async () => {
        this.asked += 1;
        const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
        if (!answer) throw new TypeError("no network");
        return answer();
      },
      EventSource: class extends Source {
        constructor(url: string) {
          super(url);
          sources.push(this);
        }
      } as unknown as NonNullable<Environment["EventSource"]>,
      WebSocket: class extends Source {
        constructor(url: string) {
          super(url);
          sockets.push(this);
        }
      } as unknown as NonNullable<Environment["WebSocket"]>,
    };
  }

  get source(): Source {
    return this.sources.at(-1) as Source;
  }

  get socket(): Source {
    return this.sockets.at(-1) as Source;
  }

  /** Let time pass, and everything that is due happen. */
  async pass(seconds: number): Promise<void> {
    const until = this.time + seconds * 1000;
    for (;;) {
      await settle();
      const due = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((each) => each !== due);
      this.time = due.at;
      due.call();
    }
    this.time = until;
    await settle();
  }
}

/** Let promises that are kept already be seen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

export function answering(body: unknown, status = 200): () => Response {
  return () => new Response(JSON.stringify(body), { status });
}
