import { getProgressColor } from "../hooks/progressColor";

interface ProgressBarProps {
  label: string;
  percent: number;
  /** What is read aloud in place of the bare number. */
  text: string;
  /** Percentages at which a stage ends. */
  ticks?: readonly number[];
  kind?: "overall" | "stage" | "small";
}

export function ProgressBar({
  label,
  percent,
  text,
  ticks = [],
  kind = "stage",
}: ProgressBarProps) {
  const width = Math.min(100, Math.max(0, percent));
  return (
    <div
      className={`bar bar-${kind}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(width * 100) / 100}
      aria-valuetext={text}
    >
      <div
        className="bar-fill"
        style={{ width: `${width}%`, backgroundColor: getProgressColor(width) }}
      />
      {ticks
        .filter((tick) => tick > 0 && tick < 100)
        .map((tick) => (
          <span key={tick} className="bar-tick" style={{ left: `${tick}%` }} />
        ))}
    </div>
  );
}
