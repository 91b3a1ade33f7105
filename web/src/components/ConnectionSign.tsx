import type { Connection } from "../api/follower";

const WORDS: Record<Connection, { text: string; title: string }> = {
  connecting: { text: "Connecting", title: "The first news is on its way." },
  live: { text: "Live", title: "News arrives as it happens." },
  polling: {
    text: "Checking every 5 s",
    title: "Live news does not get through here, so the page asks for it.",
  },
  disconnected: {
    text: "Disconnected",
    title: "No news gets through. The run goes on; the page keeps trying.",
  },
};

/** Whether what is shown is fresh: by a word and a shape, and by colour only besides. */
export function ConnectionSign({ connection }: { connection: Connection }) {
  const { text, title } = WORDS[connection];
  return (
    <span className={`sign sign-${connection}`} title={title} data-connection={connection}>
      <svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        {connection === "live" && <circle cx="6" cy="6" r="4.5" className="shape-full" />}
        {connection === "connecting" && <circle cx="6" cy="6" r="4" className="shape-dashed" />}
        {connection === "polling" && (
          <>
            <circle cx="6" cy="6" r="4" className="shape-line" />
            <path d="M6 2a4 4 0 0 1 0 8z" className="shape-full" />
          </>
        )}
        {connection === "disconnected" && (
          <path d="M2.5 2.5l7 7M9.5 2.5l-7 7" className="shape-line" />
        )}
      </svg>
      {text}
    </span>
  );
}
