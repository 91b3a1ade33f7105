import { Problem, request, requestJson } from "./http";
import type { OtherPlaces } from "./places";
import type { Timetable } from "./timetable";
import type { ProgressInfo, Status } from "./types";

export interface Parameters {
  formulation: string;
  /** What a unit of a soft rule costs where that is not what the formulation says. */
  weights: Record<string, number> | null;
  time_limit_seconds: number;
  plan: string;
  seed: number;
  /** What each change to the timetable before costs, and how many there may be; null without one. */
  change_price: number | null;
  max_changes: number | null;
}

export interface Result {
  cost: number;
  violations: number;
  bound: number | null;
}

/** One run, as the service lists it; times are Unix seconds. */
export interface Job {
  job_id: string;
  instance: string | null;
  owner: string | null;
  status: Status;
  created_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  parameters: Partial<Parameters>;
  progress: ProgressInfo | null;
  result: Result | null;
}

/** What people call a run: its data's name, without the ending of the file. */
export function jobName({ instance, job_id }: Job): string {
  return instance?.replace(/\.(e?ctt|xlsx|fet)$/i, "") || job_id;
}

export interface Instance {
  name: string;
  size_bytes: number;
}

/** Something that rules a timetable out, or will make it a bad one. */
export interface Finding {
  severity: "impossible" | "warning";
  /** What kind of finding it is. */
  rule: string;
  message: string;
  repair: string;
  needed: number;
  available: number;
  courses: string[];
  teachers: string[];
  curricula: string[];
  rooms: string[];
  /** Day and period, both counted from 0. */
  periods: [day: number, period: number][];
  /** What every timetable pays for it at least. */
  least_cost: number;
}

export interface DataCheck {
  name: string;
  /** Nothing where the data cannot be read. */
  summary: Partial<Record<"courses" | "lectures" | "rooms" | "curricula" | "periods", number>>;
  errors: string[];
  /** What was left out of the data, or changed, as the formats differ. */
  notes: string[];
  /** What to mend first comes first. */
  findings: Finding[];
}

export interface JobFile {
  name: string;
  media_type: string;
  size_bytes: number;
  url: string;
}

/** What to make a timetable of: a file of the reader's, or a name the service knows. */
export type Source = { file: File } | { name: string };

/** Other files that a run may be given: the timetable that people have, and places that must stay. */
export interface Extras {
  before: File | null;
  pins: File | null;
}

/** The largest whole number that the service takes. */
export const MOST_WHOLE = 2 ** 31 - 1;

/** So many jobs it lists at once. */
const MOST_LISTED = 100;

const JOBS = "/api/generation-jobs/";

const job = (jobId: string) => `${JOBS}${encodeURIComponent(jobId)}/`;

/** @throws Problem if a file has changed, of which fetch would say that the service cannot be reached */
async function formOf(source: Source, extras: Extras): Promise<FormData> {
  const form = new FormData();
  if ("file" in source) form.set("instance", source.file);
  else form.set("instance_name", source.name);
  if (extras.before) form.set("before", extras.before);
  if (extras.pins) form.set("pins", extras.pins);
  await Promise.all([...form.values()].map(readOfIt));
  return form;
}

/** A browser lets nobody read a file that is not the one that was chosen any more: a byte tells. */
async function readOfIt(file: FormDataEntryValue): Promise<void> {
  if (typeof file === "string") return;
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Problem(
      0,
      `${file.name} cannot be read`,
      "It has changed since it was chosen, or is a folder. Choose a file again.",
    );
  }
}

export async function listInstances(signal?: AbortSignal): Promise<Instance[]> {
  return (await requestJson<{ instances: Instance[] }>("/api/instances/", { signal })).instances;
}

/** @param weights as JSON; null for the usual ones */
export async function checkInstance(
  source: Source,
  extras: Extras,
  formulation: string,
  weights: string | null,
  signal?: AbortSignal,
): Promise<DataCheck> {
  const body = await formOf(source, extras);
  body.set("formulation", formulation);
  if (weights) body.set("weights", weights);
  return requestJson("/api/instances/check/", { method: "POST", body, signal });
}

/** Start a run. The same key starts it once, however often it is sent. */
export async function generate(
  source: Source,
  extras: Extras,
  parameters: Parameters,
  key: string,
): Promise<{ job_id: string }> {
  const body = await formOf(source, extras);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) continue;
    body.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return requestJson(`${JOBS}generate/`, {
    method: "POST",
    body,
    headers: { "Idempotency-Key": key },
  });
}

export interface JobList {
  jobs: Job[];
  total: number;
}

/** The newest jobs, so many at most. */
export async function listJobs(most: number, signal?: AbortSignal): Promise<JobList> {
  const offsets = Array.from({ length: Math.ceil(most / MOST_LISTED) }, (_, n) => n * MOST_LISTED);
  const parts = await Promise.all(
    offsets.map((offset) => {
      const limit = Math.min(MOST_LISTED, most - offset);
      return requestJson<JobList>(`${JOBS}?limit=${limit}&offset=${offset}`, { signal });
    }),
  );
  // One that was started in between moves the others on, and one of them is in two parts.
  const jobs = new Map(parts.flatMap((part) => part.jobs).map((job) => [job.job_id, job]));
  return { jobs: [...jobs.values()], total: parts[0]?.total ?? 0 };
}

export function getJob(jobId: string, signal?: AbortSignal): Promise<Job> {
  return requestJson(job(jobId), { signal });
}

export async function cancelJob(jobId: string): Promise<void> {
  await request(`${job(jobId)}cancel/`, { method: "DELETE" });
}

/** Stop searching, and publish the best timetable so far. */
export async function finishJob(jobId: string): Promise<void> {
  await request(`${job(jobId)}finish/`, { method: "POST" });
}

export function getTimetable(jobId: string, signal?: AbortSignal): Promise<Timetable> {
  return requestJson(`${job(jobId)}timetable/`, { signal });
}

/** What other places would cost a lecture. */
export function getPlaces(
  jobId: string,
  lecture: { course: string; day: number; period: number },
  signal?: AbortSignal,
): Promise<OtherPlaces> {
  const { course, day, period } = lecture;
  const asked = new URLSearchParams({ course, day: String(day), period: String(period) });
  return requestJson(`${job(jobId)}places/?${asked}`, { signal });
}

export async function listFiles(jobId: string, signal?: AbortSignal): Promise<JobFile[]> {
  return (await requestJson<{ files: JobFile[] }>(`${job(jobId)}files/`, { signal })).files;
}

/** What was found when, as CSV. */
export async function getCurve(jobId: string, signal?: AbortSignal): Promise<string> {
  return (await request(`${job(jobId)}files/curve.csv`, { signal })).text();
}
