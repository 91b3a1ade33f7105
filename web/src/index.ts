/** The hooks, for pages of one's own. */
export type { Connection, Following, Transport } from "./api/follower";
export { Problem } from "./api/http";
export { ProgressStore } from "./api/progress-store";
export { getStageLabel } from "./api/stages";
export type { PipelineStage, ProgressInfo, StageDefinitions, Status } from "./api/types";
export { getProgressColor } from "./hooks/progressColor";
export { usePipelineStages } from "./hooks/usePipelineStages";
export { type Progress, type ProgressOptions, useProgress } from "./hooks/useProgress";
export { useSmoothedETA } from "./hooks/useSmoothedETA";
export { useSmoothProgress } from "./hooks/useSmoothProgress";
