import { useEffect, useRef, useState } from "react";
import { useReducedMotion } from "./useReducedMotion";

/** Where the bar is drawn, and how many percent it moves a frame. */
export interface Motion {
  current: number;
  velocity: number;
}

const PULL = 0.02;
const FRICTION = 0.85;
const SETTLED = 0.05;
const FINISH_MS = 600;

/** One frame towards the target: never above it, never backward. */
export function nextFrame({ current, velocity }: Motion, target: number): Motion {
  if (target <= current) return { current, velocity: 0 };
  const faster = (velocity + (target - current) * PULL) * FRICTION;
  const moved = current + Math.max(0, faster);
  if (target - moved < SETTLED) return { current: target, velocity: 0 };
  return { current: moved, velocity: faster };
}

/** The last stretch, from where the bar was to 100: fast at first, then ever slower. */
export function finish(from: number, elapsedMs: number): number {
  const left = Math.max(0, 1 - elapsedMs / FINISH_MS);
  return from + (100 - from) * (1 - left ** 3);
}

/**
 * A percentage that glides after the actual one.
 *
 * It starts where the actual one is, so that a page that is opened late does not play what it missed. Give the component
 * the run's id as its key: a new run begins at 0, which a bar that never goes backward cannot.
 */
export function useSmoothProgress(actual: number): number {
  const reduced = useReducedMotion();
  const motion = useRef<Motion>({ current: actual, velocity: 0 });
  const [shown, setShown] = useState(actual);

  useEffect(() => {
    const { current } = motion.current;
    if (reduced || actual <= current) {
      motion.current = { current: Math.max(actual, current), velocity: 0 };
      setShown(motion.current.current);
      return;
    }
    let frame = 0;
    let began: number | null = null;
    const draw = (time: number) => {
      began ??= time;
      motion.current =
        actual >= 100
          ? { current: finish(current, time - began), velocity: 0 }
          : nextFrame(motion.current, actual);
      setShown(motion.current.current);
      if (motion.current.current < actual) frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [actual, reduced]);

  return shown;
}
