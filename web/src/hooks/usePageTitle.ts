import { useEffect } from "react";

/** What the window, its tab and the history call the page. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Horarium` : "Horarium";
  }, [title]);
}
