import { useSyncExternalStore } from "react";

const query = () => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

function subscribe(changed: () => void): () => void {
  const media = query();
  media?.addEventListener("change", changed);
  return () => media?.removeEventListener("change", changed);
}

/** Whether the reader asked for less movement. */
export function useReducedMotion(): boolean {
  return useSyncExternalStore(subscribe, () => query()?.matches ?? false);
}
