import { browser, type Environment } from "./environment";
import { Follower, type Following, NOT_FOLLOWED } from "./follower";

interface Followed {
  follower: Follower;
  listeners: Set<() => void>;
}

/** The jobs that are being followed: each over one connection, however many parts of a page look at it. */
export class ProgressStore {
  private readonly jobs = new Map<string, Followed>();

  constructor(private readonly environment: Environment = browser) {}

  /**
   * Follow a job.
   *
   * @param changed called at each change
   * @returns what ends it; the last one to leave closes the connection
   */
  watch(jobId: string, changed: () => void): () => void {
    const job = this.jobs.get(jobId) ?? this.follow(jobId);
    // An own function each time: the same one may watch twice, and leaves once for each.
    const listener = () => changed();
    job.listeners.add(listener);
    return () => {
      job.listeners.delete(listener);
      if (job.listeners.size > 0 || this.jobs.get(jobId) !== job) return;
      job.follower.stop();
      this.jobs.delete(jobId);
    };
  }

  /** What is known of a job now: the same object until something changes. */
  current(jobId: string): Following {
    return this.jobs.get(jobId)?.follower.state ?? NOT_FOLLOWED;
  }

  /** Begin anew for those who watch, after a problem that someone has done something about. */
  restart(jobId: string): void {
    const job = this.jobs.get(jobId);
    if (!job) return;
    job.follower.stop();
    job.follower = this.follower(jobId, job.listeners);
    for (const listener of job.listeners) listener();
  }

  private follow(jobId: string): Followed {
    const listeners = new Set<() => void>();
    const job = { follower: this.follower(jobId, listeners), listeners };
    this.jobs.set(jobId, job);
    return job;
  }

  private follower(jobId: string, listeners: Set<() => void>): Follower {
    return new Follower(jobId, this.environment, () => {
      for (const listener of listeners) listener();
    });
  }
}

export const progressStore = new ProgressStore();
