// Lets virtual time pass until a run has ended or nothing but the test can make it go on.
import { isFinalStatus } from "@sluice/protocol";
import type { Run } from "@sluice/sdk";
import type { TestHost } from "./engine.ts";
import type { TestRun } from "./test-run.ts";

/** Reasons to wait that time alone ends. */
const timed = new Set(["sleeping", "waiting_for_retry", "delayed"]);
const runsMax = 1_000;

/** Moves from one moment at which something is due to the next; no further than `withinMs`. */
export async function playOut(host: TestHost, run: TestRun, limits: { readonly withinMs: number }): Promise<void> {
  if (host.pace === undefined) {
    await run.result().catch(() => undefined);
    return;
  }
  const until = host.now + limits.withinMs;
  for (;;) {
    const { status } = await run.get();
    if (isFinalStatus(status) || !(await anyTimed(host))) return;
    if (!(await host.hop(until))) return;
  }
}

/** True while some run of the test goes on by itself when time passes. */
async function anyTimed(host: TestHost): Promise<boolean> {
  const { runs } = await host.runs({ status: ["queued", "running", "waiting", "undoing"], limit: runsMax });
  return runs.some(goesOn);
}

function goesOn({ status, statusReason }: Run): boolean {
  return status === "running" || status === "undoing" || statusReason === null || timed.has(statusReason);
}
