// Runs that come, wait for a moment and go, at a constant rate: what a list of runs has to follow.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HttpClient } from "../http-client.ts";
import { arrive } from "../server/open-loop.ts";

/** What the live stream tells of one of these runs: that it is there, that it went on to its second rest, that it has completed. */
const UPDATES_PER_RUN = 3;
/** Longer than the server gathers changes for, so that each of them is told. */
const REST_MS = 600;
const CONNECTIONS_MAX = 64;

const workflows = `import { workflow } from "sluice";

export const pulse = workflow({ name: "shop/pulse", retention: { count: 20_000 } }, async (ctx) => {
  await ctx.step("begin", () => 1);
  await ctx.sleep(${REST_MS});
  await ctx.step("middle", () => 2);
  await ctx.sleep(${REST_MS});
  return ctx.step("end", () => 3);
});
`;

/** Writes the project that the load runs. */
export function writeProject(folder: string): void {
  mkdirSync(join(folder, "workflows"), { recursive: true });
  writeFileSync(join(folder, "workflows/pulse.ts"), workflows);
}

/** Starts runs until `signal` aborts. Rejects when one is refused. */
export async function startRuns(p: {
  readonly port: number;
  readonly updatesPerSecond: number;
  readonly secondsMax: number;
  readonly signal: AbortSignal;
}): Promise<number> {
  const client = new HttpClient({ port: p.port, connectionsMax: CONNECTIONS_MAX });
  const perSecond = p.updatesPerSecond / UPDATES_PER_RUN;
  let started = 0;
  const ask = async (): Promise<void> => {
    const { status, body } = await client.request("POST", "/api/v1/workflows/shop%2Fpulse/runs", {});
    if (status >= 300) throw new Error(`a run was not started: ${status} ${body.slice(0, 300)}`);
    started += 1;
  };
  try {
    await arrive({ perSecond, count: Math.ceil(perSecond * p.secondsMax), ask, signal: p.signal });
  } finally {
    client.close();
  }
  return started;
}
