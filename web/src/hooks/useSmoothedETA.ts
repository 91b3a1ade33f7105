import { useEffect, useRef, useState } from "react";

const SHARE = 0.15;
const TICK_MS = 250;

/** One tick nearer to the actual time left. It is 0 only when the actual one is: at the end. */
export function nextETA(shown: number, actual: number): number {
  if (actual <= 0) return 0;
  const moved = shown + (actual - shown) * SHARE;
  return Math.max(1, Math.abs(actual - moved) < 0.5 ? actual : moved);
}

/** Seconds left, without the jumps; null while nothing is known. */
export function useSmoothedETA(seconds: number | null): number | null {
  const actual = useRef(seconds);
  const [shown, setShown] = useState(seconds);
  useEffect(() => {
    actual.current = seconds;
    setShown((before) => (before === null || seconds === null || seconds <= 0 ? seconds : before));
  }, [seconds]);

  const isKnown = seconds !== null;
  useEffect(() => {
    if (!isKnown) return;
    const timer = setInterval(() => {
      const target = actual.current;
      if (target !== null) setShown((before) => nextETA(before ?? target, target));
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isKnown]);
  return shown;
}
