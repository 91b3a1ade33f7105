import { useState } from "react";
import { listInstances, type Source } from "../api/jobs";
import { formatSize } from "../components/format";
import { ProblemNotice } from "../components/Notice";
import { useResource } from "../hooks/useResource";
import { FileDrop } from "./FileDrop";

const INSTANCES = [".xlsx", ".ctt", ".ectt", ".fet"];

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
          endings={INSTANCES}
          onChoose={(file) => onChoose({ file })}
        />
      )}
    </fieldset>
  );
}
