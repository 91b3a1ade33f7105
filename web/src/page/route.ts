import { useSyncExternalStore } from "react";

/** The two pages there are. */
export type Route = { page: "home" } | { page: "job"; jobId: string } | { page: "unknown" };

export function routeOf(path: string): Route {
  if (path === "/") return { page: "home" };
  const jobId = /^\/jobs\/([A-Za-z0-9._-]{1,128})\/?$/.exec(path)?.[1];
  return jobId === undefined ? { page: "unknown" } : { page: "job", jobId };
}

export function pathOf(jobId: string): string {
  return `/jobs/${encodeURIComponent(jobId)}`;
}

function subscribe(changed: () => void): () => void {
  addEventListener("popstate", changed);
  return () => removeEventListener("popstate", changed);
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

export function goTo(path: string): void {
  if (path === location.pathname) return;
  history.pushState(null, "", path);
  scrollTo(0, 0);
  dispatchEvent(new PopStateEvent("popstate"));
}
