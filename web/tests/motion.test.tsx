import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useSmoothedETA } from "../src/hooks/useSmoothedETA";
import { useSmoothProgress } from "../src/hooks/useSmoothProgress";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (milliseconds: number) => act(() => vi.advanceTimersByTime(milliseconds));

function bar(start: number) {
  return renderHook(({ actual }) => useSmoothProgress(actual), { initialProps: { actual: start } });
}

describe("a bar that glides", () => {
  it("starts where the job is, without playing what was missed", () => {
    expect(bar(63).result.current).toBe(63);
  });

  it("moves forward only, frame by frame, and rests exactly on its target", () => {
    const { result, rerender } = bar(10);
    rerender({ actual: 30 });
    expect(result.current).toBe(10);
    for (let before = 10, frame = 0; frame < 300; frame += 1) {
      pass(16);
      expect(result.current).toBeGreaterThanOrEqual(before);
      expect(result.current).toBeLessThanOrEqual(30);
      before = result.current;
    }
    expect(result.current).toBe(30);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stays where it is when the job is said to be less far", () => {
    const { result, rerender } = bar(50);
    rerender({ actual: 20 });
    pass(2000);
    expect(result.current).toBe(50);
  });

  it("is at 100 after 600 ms, most of the way in the first half of them", () => {
    const { result, rerender } = bar(60);
    rerender({ actual: 100 });
    pass(16);
    pass(300);
    expect(result.current).toBeGreaterThan(90);
    expect(result.current).toBeLessThan(100);
    pass(320);
    expect(result.current).toBe(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("steps, without a frame drawn, for a reader who asked for less movement", () => {
    const media = { matches: true, addEventListener: vi.fn(), removeEventListener: vi.fn() };
    vi.stubGlobal("matchMedia", () => media);
    const { result, rerender } = bar(10);
    rerender({ actual: 47.5 });
    expect(result.current).toBe(47.5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("draws nothing more once it is gone", () => {
    const { rerender, unmount } = bar(10);
    rerender({ actual: 90 });
    pass(16);
    unmount();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a time left that is not shown jumping", () => {
  function left(start: number | null) {
    return renderHook(({ seconds }) => useSmoothedETA(seconds), {
      initialProps: { seconds: start },
    });
  }

  it("goes 15 % of the way to a new estimate at each tick, up or down", () => {
    const { result, rerender } = left(100);
    rerender({ seconds: 200 });
    expect(result.current).toBe(100);
    pass(250);
    expect(result.current).toBeCloseTo(115);
    rerender({ seconds: 15 });
    pass(250);
    expect(result.current).toBeCloseTo(100);
  });

  it("is the estimate at once when there was none, and nothing when there is none", () => {
    const { result, rerender } = left(null);
    expect(result.current).toBeNull();
    rerender({ seconds: 90 });
    expect(result.current).toBe(90);
    rerender({ seconds: null });
    expect(result.current).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is 0 as soon as the job has ended", () => {
    const { result, rerender } = left(100);
    rerender({ seconds: 0 });
    expect(result.current).toBe(0);
  });
});
