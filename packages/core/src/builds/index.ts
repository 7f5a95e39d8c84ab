// Builds: a workspace read, its tasks keyed, executed and taken from a cache. Loaded when somebody builds.
export { planBuild, runnerOf } from "./build.ts";
export type { BuildGround, BuildPlan, BuildRequest } from "./build.ts";
export { buildLimits } from "./limits.ts";
export { machineFiles } from "./machine/files.ts";
export { machineGit } from "./machine/git.ts";
export { machineProcesses } from "./machine/processes.ts";
export { findProgram, machineTools } from "./machine/tools.ts";
export { BuildRecords } from "./records/records.ts";
export { findHits } from "./run/hits.ts";
export { hasSucceeded, runTasks } from "./run/build-run.ts";
export type { Continuing } from "./run/build-run.ts";
export type { TaskOutcome } from "./run/outcome.ts";
export type { TaskEvents } from "./run/task-runner.ts";
export type { TaskNode } from "./graph/task-graph.ts";
export type { ActionResult, BuildCache, Journal } from "./ports.ts";
