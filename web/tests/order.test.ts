import { describe, expect, it } from "vitest";
import { newest } from "../src/api/order";
import { snapshot } from "./parts";

describe("of two snapshots", () => {
  it("the one with the higher seq is shown, whichever arrives last", () => {
    expect(newest(snapshot(3), snapshot(2)).seq).toBe(3);
    expect(newest(snapshot(2), snapshot(3)).seq).toBe(3);
    expect(newest(null, snapshot(3)).seq).toBe(3);
  });

  it("that are the same, the one on show stays, so that nothing is drawn anew", () => {
    for (const seq of [0, 4]) {
      const shown = snapshot(seq);
      expect(newest(shown, snapshot(seq))).toBe(shown);
    }
  });

  it("a later run under the old id counts, though it begins at 1 and at 0 %", () => {
    const again = snapshot(1, { run_id: "second", started_at: 1_740_009_000, overall_progress: 0 });
    expect(newest(snapshot(90), again)).toBe(again);
    expect(newest(again, snapshot(90))).toBe(again);
  });

  it("the run's bare state tells nothing new while the run goes on", () => {
    const shown = snapshot(40);
    expect(newest(shown, snapshot(0, { last_updated: 1_740_000_900 }))).toBe(shown);
  });

  it("the run's bare state tells the end, and the details stay", () => {
    const end = snapshot(0, { status: "failed", metadata: { error: "out of memory" } });
    expect(newest(snapshot(40), end)).toMatchObject({
      status: "failed",
      overall_progress: 40,
      eta_seconds: 0,
      metadata: { cost: 61, error: "out of memory" },
    });
  });

  it("a bare state of the same second counts if the run stands otherwise", () => {
    const begun = snapshot(0, { status: "running" });
    expect(newest(snapshot(0, { status: "queued" }), begun)).toMatchObject({ status: "running" });
  });
});
