// An embedded program of a test: a `cronflow` of its own in a folder of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCronflow } from "./cronflow.ts";
import type { Cronflow } from "./cronflow.ts";
import type { InspectedRun } from "./runs-api.ts";
import type { StartOptions } from "./settings.ts";

export interface TestProgram extends AsyncDisposable {
  readonly cronflow: Cronflow;
  readonly folder: string;
  start(options?: StartOptions): Promise<void>;
  /** Where webhooks are listened for. */
  readonly url: string;
  /** Starts a workflow and waits for its end. */
  run(workflow: string, payload?: unknown): Promise<InspectedRun>;
  /** Waits until a run has a status of these. */
  until(run: string, ...statuses: readonly InspectedRun["status"][]): Promise<InspectedRun>;
}

export const ended = ["completed", "failed", "cancelled", "timedout"] as const;
const patienceMs = 10_000;

export function makeProgram(folder = mkdtempSync(join(tmpdir(), "sluice-cronflow-"))): TestProgram {
  const cronflow = createCronflow({});
  const until: TestProgram["until"] = async (run, ...statuses) => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const inspected = await cronflow.inspect(run);
      if (statuses.includes(inspected.status)) return inspected;
      if (Date.now() > deadline) throw new Error(`run ${run} is ${inspected.status}, not ${statuses.join(" or ")}`);
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
  };
  return {
    cronflow,
    folder,
    start: (options = {}) => cronflow.start({ data: folder, webhookServer: { port: 0 }, ...options }),
    get url() {
      return cronflow.getCoreStatus().webhookUrl ?? "nowhere";
    },
    run: async (workflow, payload) => until(await cronflow.trigger(workflow, payload), ...ended),
    until,
    [Symbol.asyncDispose]: async () => {
      await cronflow.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
