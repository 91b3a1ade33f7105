import { type RefCallback, useCallback, useState } from "react";

/**
 * How wide an element is drawn, in CSS pixels; the width given until that is known.
 *
 * It is told of the element by a callback: one that comes later than its component is seen too.
 */
export function useWidth(before: number): [RefCallback<Element>, number] {
  const [width, setWidth] = useState(before);
  const watch = useCallback((element: Element | null) => {
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(entry.contentRect.width);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [watch, width];
}
