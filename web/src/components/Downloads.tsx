import type { JobFile } from "../api/jobs";
import { formatSize } from "./format";
import { Icon } from "./Icon";

/** By the whole name, or else by its ending. */
const WORDS: Record<string, string> = {
  "certificate.json": "What the timetable was made from, how, and what it costs",
  "curve.csv": "What was found when, as a table",
  sol: "The timetable, in the format of the ITC competition",
  json: "The timetable with its costs and reasons, for programs",
  csv: "The timetable as a table, with its costs and reasons",
  html: "The timetable to look at and to print, in one file",
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
                {wordsFor(file)}, {formatSize(file.size_bytes)}
              </span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function wordsFor({ name, media_type }: JobFile): string {
  return WORDS[name] ?? WORDS[name.split(".").at(-1) ?? ""] ?? media_type;
}
