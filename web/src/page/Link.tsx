import type { MouseEvent, ReactNode } from "react";
import { goTo } from "./route";

interface LinkProps {
  to: string;
  className?: string;
  children: ReactNode;
}

/** A link within the page; with a modifier key it opens elsewhere, as any link does. */
export function Link({ to, className, children }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={to} className={className} onClick={follow}>
      {children}
    </a>
  );
}
