// What a worker that came to carry out one build may say: whoever may start builds is no worker for anything else.
import type { RunOp, WorkerToEngine } from "@sluice/protocol";
import { buildWorkerPrefix, buildWorkflow, servedVersionPattern } from "./build-names.ts";

/** What a build does with its run. Anything else would be done in the name of the server. */
const opsOfBuilds: ReadonlySet<RunOp["op"]> = new Set([
  "started",
  "done",
  "retry",
  "log",
  "progress",
  "idle",
  "park",
  "undoing",
  "blocked",
  "finish",
]);

export function isBuildWorker(worker: string): boolean {
  return worker.startsWith(buildWorkerPrefix);
}

/** The message as far as such a worker may send it; undefined: not at all. */
export function ofBuild(message: WorkerToEngine): WorkerToEngine | undefined {
  switch (message.type) {
    case "deploy": {
      if (!servedVersionPattern.test(message.version)) return undefined;
      const { type, worker, version, workflows } = message;
      return { type, worker, version, workflows: workflows.filter(({ name }) => name === buildWorkflow), tasks: [] };
    }
    case "ops":
      return message.ops.every((op) => opsOfBuilds.has(op.op) && !("input" in op && op.input !== undefined))
        ? message
        : undefined;
    case "handback":
      return { ...message, tasks: [] };
    default:
      return undefined;
  }
}
