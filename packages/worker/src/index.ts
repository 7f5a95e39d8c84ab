// The worker host and what it needs; the entries for each runtime are separate subpaths.
export { Worker } from "./worker.ts";
export type { WorkerOptions } from "./worker.ts";
export { systemWorkerClock } from "./clock.ts";
export type { WorkerClock } from "./clock.ts";
export { workerLimits } from "./limits.ts";
export type { WorkerLimits } from "./limits.ts";
export type { StepScope } from "./step-scope.ts";
export type { StandIn, StepCall, StepFunctions } from "./calls.ts";
export { manifestOf } from "./manifest.ts";
export { attachInProcess } from "./in-process.ts";
export type { EnginePort, InProcessOptions } from "./in-process.ts";
