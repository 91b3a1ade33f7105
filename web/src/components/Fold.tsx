import type { ReactNode } from "react";

/** Fields that few need: folded away, until something is wrong in one, for what is folded away cannot be pointed at. */
export function Fold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <details
      className="more"
      onInvalidCapture={(event) => {
        event.currentTarget.open = true;
      }}
    >
      <summary>{title}</summary>
      {children}
    </details>
  );
}
