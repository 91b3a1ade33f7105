import { type DragEvent, useState } from "react";
import { listInstances, type Source } from "../api/jobs";
import { formatSize } from "../components/format";
import { Icon } from "../components/Icon";
import { ProblemNotice } from "../components/Notice";
import { useResource } from "../hooks/useResource";

type From = "folder" | "file";

interface InstanceChoiceProps {
  source: Source | null;
  onChoose: (source: Source | null) => void;
}

/** The data: one of the service's own, by name, or a file of the reader's. */
export function InstanceChoice({ source, onChoose }: InstanceChoiceProps) {
  const [from, setFrom] = useState<From>("folder");
  const { data, problem, reload } = useResource(listInstances);

  const change = (next: From) => {
    setFrom(next);
    onChoose(null);
  };

  return (
    <fieldset className="field">
      <legend>Data</legend>
      <div className="segments">
        {(["folder", "file"] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="from" checked={from === each} onChange={() => change(each)} />
            <span>{each === "folder" ? "Stored here" : "Upload a file"}</span>
          </label>
        ))}
      </div>
      {from === "folder" && problem && <ProblemNotice problem={problem} retry={reload} />}
      {from === "folder" && data?.length === 0 && (
        <p className="quiet">Nothing is stored here yet. Upload a file instead.</p>
      )}
      {from === "folder" && !problem && data?.length !== 0 && (
        <select
          aria-label="Stored data"
          disabled={data === null}
          value={source && "name" in source ? source.name : ""}
          onChange={(event) => onChoose(event.target.value ? { name: event.target.value } : null)}
        >
          <option value="">{data === null ? "Loading …" : "Choose …"}</option>
          {data?.map(({ name, size_bytes }) => (
            <option key={name} value={name}>
              {name} ({formatSize(size_bytes)})
            </option>
          ))}
        </select>
      )}
      {from === "file" && (
        <FileDrop
          file={source && "file" in source ? source.file : null}
          onChoose={(file) => onChoose({ file })}
        />
      )}
    </fieldset>
  );
}

function FileDrop({ file, onChoose }: { file: File | null; onChoose: (file: File) => void }) {
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
        accept=".xlsx,.ctt,.ectt,.fet"
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) onChoose(chosen);
        }}
      />
      <Icon name={file ? "check" : "down"} />
      {file ? (
        <span>
          <strong>{file.name}</strong> <span className="quiet">{formatSize(file.size)}</span>
        </span>
      ) : (
        <span>Choose an .xlsx, .ctt, .ectt or .fet file, or drop it here</span>
      )}
    </label>
  );
}
