// What a supervised child can do besides the workflows of its code: tasks, on this machine.
import type { WorkerOffer } from "@sluice/core";
import { machineLabels, machineResources } from "@sluice/worker/machine";
import type { SupervisorLimits } from "./supervisor-limits.ts";

export function childOffer({ workerTaskSlots }: Pick<SupervisorLimits, "workerTaskSlots">): WorkerOffer {
  return {
    runtime: "bun",
    labels: machineLabels("bun"),
    capabilities: ["runs", "tasks"],
    slots: workerTaskSlots,
    resources: machineResources(),
  };
}
