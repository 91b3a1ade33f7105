import { describe, expect, it } from "vitest";
import { getStageLabel, loadStages } from "../src/api/stages";
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
