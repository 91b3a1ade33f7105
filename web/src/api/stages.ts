import { type Fetch, requestJson } from "./http";
import type { PipelineStage, StageDefinitions } from "./types";

const asked = new Map<string, Promise<PipelineStage[]>>();
const labels = new Map<string, string>();

/** The stages of a plan, asked for once a page; a refusal is asked again. */
export function loadStages(plan: string, fetch?: Fetch): Promise<PipelineStage[]> {
  const known = asked.get(plan);
  if (known) return known;
  const loading = requestJson<StageDefinitions>(
    `/api/stages?plan=${encodeURIComponent(plan)}`,
    {},
    fetch,
  ).then(({ stages }) => {
    for (const stage of stages) labels.set(stage.id, stage.label);
    return stages;
  });
  asked.set(plan, loading);
  loading.catch(() => asked.delete(plan));
  return loading;
}

/** What people read for a stage's id, as the service said it. */
export function getStageLabel(stage: string): string {
  const words = stage.replaceAll("_", " ");
  return labels.get(stage) ?? words.charAt(0).toUpperCase() + words.slice(1);
}
