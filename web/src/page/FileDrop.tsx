import { type DragEvent, useState } from "react";
import { formatSize } from "../components/format";
import { Icon } from "../components/Icon";

interface FileDropProps {
  file: File | null;
  /** Endings of names, such as `.xlsx`, the most usual first. */
  endings: readonly string[];
  onChoose: (file: File) => void;
}

/** A file of the reader's: chosen, or dropped here. */
export function FileDrop({ file, endings, onChoose }: FileDropProps) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped) onChoose(dropped);
  };
  return (
    <label
      className={over ? "drop drop-over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        type="file"
        accept={endings.join(",")}
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) onChoose(chosen);
          // Else the same file, once corrected, could not be chosen again: that is no change.
          event.target.value = "";
        }}
      />
      <Icon name={file ? "check" : "down"} />
      {file ? (
        <span>
          <strong>{file.name}</strong> <span className="quiet">{formatSize(file.size)}</span>
        </span>
      ) : (
        <span>
          Choose a file ({endings.slice(0, -1).join(", ")} or {endings.at(-1)}), or drop it here
        </span>
      )}
    </label>
  );
}
