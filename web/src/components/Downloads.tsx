import type { JobFile } from "../api/jobs";
import { formatSize } from "./format";
import { Icon } from "./Icon";

const WORDS: Record<string, string> = {
  sol: "The timetable, in the format of the ITC competition",
  json: "The timetable with its costs and reasons, for programs",
  csv: "What was found when, as a table",
  html: "The timetable to look at, in one file",
  ics: "The timetable as a calendar",
  xlsx: "The timetable as a workbook",
};

export function Downloads({ files }: { files: readonly JobFile[] }) {
  if (files.length === 0) return <p className="quiet">There are no files.</p>;
  return (
    <ul className="downloads">
      {files.map((file) => (
        <li key={file.name}>
          <a href={file.url} download={file.name}>
            <Icon name="down" />
            <span>
              {file.name}
              <span className="quiet">
                {WORDS[file.name.split(".").at(-1) ?? ""] ?? file.media_type},{" "}
                {formatSize(file.size_bytes)}
              </span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}
