import { act, render } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import { browser as ownBrowser } from "../src/api/environment";
import type { ProgressInfo } from "../src/api/types";
import { App } from "../src/page/App";
import { answering, Browser, settle } from "./parts";

export const JOB = "/api/generation-jobs/job/";
const STAGES = [
  { id: "cpsat_solving", label: "Creating the initial schedule", start: 15, end: 75 },
  { id: "ga_optimization", label: "Improving the schedule", start: 75, end: 90 },
  { id: "rl_refinement", label: "Resolving conflicts", start: 90, end: 100 },
];

export let browser = new Browser();
export let asked: string[] = [];

beforeEach(() => {
  browser = new Browser();
  asked = [];
  Object.assign(ownBrowser, browser.environment);
  vi.stubGlobal("scrollTo", () => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
  history.replaceState(null, "", "/");
});

export const refused = (status: number) =>
  answering({ title: `Problem ${status}`, status }, status);

type Answer = (address: string) => Response;

/** The page at an address, before a service that answers so; what is not named is not there. */
export async function open(path: string, answers: Record<string, Answer>) {
  const all: Record<string, Answer> = {
    "GET /api/session/": answering({ name: "ada", is_admin: false }),
    "GET /api/stages": answering({ plan: "default", stages: STAGES }),
    "GET /api/instances/": answering({ instances: [] }),
    ...answers,
  };
  vi.stubGlobal("fetch", async (address: string, { method = "GET" }: RequestInit = {}) => {
    const question = `${method} ${address.replace(/\?.*/, "")}`;
    asked.push(question);
    return (all[question] ?? refused(404))(address);
  });
  history.replaceState(null, "", path);
  const page = render(<App token={null} />);
  await wait();
  return page;
}

export const wait = () => act(() => settle());
export const pass = (seconds: number) => act(() => browser.pass(seconds));

export async function tell(name: string, data?: unknown) {
  act(() => browser.source.tell(name, data));
  await wait();
}

export function job(progress: ProgressInfo | null, status = "running") {
  return answering({
    job_id: "job",
    instance: "comp01",
    owner: "ada",
    status,
    created_at: 1_740_000_000,
    started_at: 1_740_000_000,
    ended_at: null,
    parameters: { formulation: "UD2", time_limit_seconds: 120, plan: "default", seed: 0 },
    progress,
    result: null,
  });
}
