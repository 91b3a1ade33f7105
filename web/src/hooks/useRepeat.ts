import { useEffect, useRef } from "react";

/** Call again and again while the page is looked at; null stops it. */
export function useRepeat(call: () => void, milliseconds: number | null): void {
  const latest = useRef(call);
  useEffect(() => {
    latest.current = call;
  });
  useEffect(() => {
    if (milliseconds === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
