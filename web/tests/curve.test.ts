import { describe, expect, it } from "vitest";
import {
  brokenSpans,
  costScale,
  joined,
  type Point,
  parseCurve,
  timeTicks,
  withPoint,
} from "../src/api/curve";

const point = (seconds: number, cost: number, violations = 0): Point => ({
  seconds,
  cost,
  violations,
  bound: null,
});

describe("the cost curve", () => {
  it("is read from the job's file, where a figure that is not known yet is empty", () => {
    const csv =
      "seconds,stage,violations,cost,bound\n0.05,loading,,,\n2.50,a,3,120,\n9.00,b,0,61,12\n";
    expect(parseCurve(csv)).toEqual([
      { seconds: 2.5, cost: 120, violations: 3, bound: null },
      { seconds: 9, cost: 61, violations: 0, bound: 12 },
    ]);
    expect(parseCurve("")).toEqual([]);
  });

  it("grows only where a figure changes, and stays within bounds", () => {
    const points = [point(1, 90)];
    expect(withPoint(points, point(2, 90))).toBe(points);
    expect(withPoint(points, null)).toBe(points);
    let many: Point[] = [];
    for (let cost = 10_000; cost > 0; cost -= 1) many = withPoint(many, point(10_000 - cost, cost));
    expect(many.length).toBeLessThanOrEqual(2001);
    expect(many.at(-1)?.cost).toBe(1);
  });

  it("goes on from the file with what was seen after it", () => {
    const costs = joined([point(1, 90), point(5, 70)], [point(4, 80), point(6, 60)]);
    expect(costs.map(({ cost }) => cost)).toEqual([90, 70, 60]);
  });

  it("is drawn by orders of magnitude if the costs differ by many, else in proportion", () => {
    const wide = costScale(10, 5000);
    expect(wide.ticks).toEqual([1, 10, 100, 1000]);
    expect(wide.fraction(70)).toBeGreaterThan(0.4);
    const narrow = costScale(50, 100);
    expect(narrow.ticks).toEqual([0, 50, 100]);
    expect(narrow.fraction(50)).toBe(0.5);
    expect(costScale(0, 0).fraction(0)).toBe(0);
  });

  it("has a few round moments below it, and marks when rules were broken", () => {
    expect(timeTicks(125)).toEqual([30, 60, 90, 120]);
    expect(brokenSpans([point(1, 9, 4), point(3, 9, 1), point(5, 9), point(8, 9, 2)], 10)).toEqual([
      [1, 5],
      [8, 10],
    ]);
  });
});
