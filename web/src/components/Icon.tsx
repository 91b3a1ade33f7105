const PATHS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  arrow: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  down: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  warning: "M8 2.2L14.5 13.5h-13zM8 6.5v3.2M8 11.6v.2",
  lock: "M4.5 7.5h7v6h-7zM5.8 7.5V5a2.2 2.2 0 0 1 4.4 0v2.5",
  search: "M7 2.8a4.2 4.2 0 1 1 0 8.4a4.2 4.2 0 0 1 0-8.4M10.2 10.2L13.5 13.5",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 4.8V8l2.2 1.6",
  cloud: "M4.5 12.5a3 3 0 0 1 .2-6 4 4 0 0 1 7.6 1.2 2.5 2.5 0 0 1-.5 4.8M2.5 2.5l11 11",
  question:
    "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8M6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2M8 11.3v.1",
  calendar: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.2V4M10.5 2.2V4",
} as const;

export type IconName = keyof typeof PATHS;

/** A small drawing beside words that say the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
