import { describe, expect, it } from "vitest";
import { type Job, jobName } from "../src/api/jobs";
import { getStageLabel, loadStages } from "../src/api/stages";
import { formatDurationRange, timesBroken } from "../src/components/format";
import { amountWords } from "../src/components/rules";
import { getProgressColor } from "../src/hooks/progressColor";
import { nextETA } from "../src/hooks/useSmoothedETA";
import { finish, type Motion, nextFrame } from "../src/hooks/useSmoothProgress";
import { answering } from "./parts";

describe("the bar", () => {
  it("is pulled by a fiftieth of the way and slowed by 0.85 a frame", () => {
    const { current, velocity } = nextFrame({ current: 10, velocity: 1 }, 60);
    expect(velocity).toBeCloseTo((1 + 50 * 0.02) * 0.85);
    expect(current).toBeCloseTo(10 + velocity);
  });

  it("never moves backward or above its target, and arrives", () => {
    let motion: Motion = { current: 0, velocity: 0 };
    for (const target of [3, 3, 47, 47, 20, 90, 99.5]) {
      for (let frame = 0; frame < 400; frame += 1) {
        const next = nextFrame(motion, target);
        expect(next.current).toBeGreaterThanOrEqual(motion.current);
        expect(next.current).toBeLessThanOrEqual(Math.max(target, motion.current));
        motion = next;
      }
    }
    expect(motion).toEqual({ current: 99.5, velocity: 0 });
  });

  it("eases out to 100 in 600 ms", () => {
    expect(finish(60, 0)).toBe(60);
    expect(finish(60, 300)).toBeCloseTo(60 + 40 * (1 - 0.5 ** 3));
    expect(finish(60, 600)).toBe(100);
    expect(finish(60, 5000)).toBe(100);
  });

  it("goes from red over yellow to green", () => {
    expect([0, 50, 100, -5, 300].map(getProgressColor)).toEqual([
      "hsl(0, 90%, 50%)",
      "hsl(60, 90%, 50%)",
      "hsl(120, 90%, 50%)",
      "hsl(0, 90%, 50%)",
      "hsl(120, 90%, 50%)",
    ]);
  });
});

describe("the time left", () => {
  it("goes 15 % of the way at a tick", () => {
    expect(nextETA(100, 60)).toBeCloseTo(94);
  });

  it("is 0 only at the end", () => {
    expect(nextETA(3, 0)).toBe(0);
    let shown = 30;
    for (let tick = 0; tick < 100; tick += 1) shown = nextETA(shown, 1);
    expect(shown).toBe(1);
  });
});

describe("stages", () => {
  it("are called what the service calls them", async () => {
    expect(getStageLabel("ga_optimization")).toBe("Ga optimization");
    const stages = [{ id: "ga_optimization", label: "Improving the schedule", start: 75, end: 90 }];
    await loadStages("default", async () => answering({ plan: "default", stages })());
    expect(getStageLabel("ga_optimization")).toBe("Improving the schedule");
  });
});

describe("words", () => {
  it("know one from many", () => {
    expect(amountWords("isolated_lectures", 1)).toBe("1 lecture with none before or after");
    expect(amountWords("isolated_lectures", 2)).toBe("2 lectures with none before or after");
    expect([1, 3].map(timesBroken)).toEqual([
      "hard rules broken once",
      "hard rules broken 3 times",
    ]);
  });

  it("leave out what only a file is called", () => {
    const name = (instance: string | null) => jobName({ job_id: "weekly", instance } as Job);
    expect(["comp01.ctt", "a.b.ectt", "autumn", null].map(name)).toEqual([
      "comp01",
      "a.b",
      "autumn",
      "weekly",
    ]);
  });

  it("give a range in one unit, and never from nothing", () => {
    const range = (low: number, high: number) => formatDurationRange(low, high, "long");
    expect(range(55, 110)).toBe("55–110 seconds");
    expect(range(80, 260)).toBe("1–5 minutes");
    expect(range(20, 260)).toBe("up to 5 minutes");
    expect(range(299, 300)).toBe("4–5 minutes");
  });
});
