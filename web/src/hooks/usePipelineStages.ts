import { useCallback } from "react";
import { loadStages } from "../api/stages";
import type { PipelineStage } from "../api/types";
import { type Resource, useResource } from "./useResource";

/** The stages of a plan, in the order they run; asked for once a page. */
export function usePipelineStages(plan = "default"): Resource<PipelineStage[]> {
  return useResource(useCallback(() => loadStages(plan), [plan]));
}
