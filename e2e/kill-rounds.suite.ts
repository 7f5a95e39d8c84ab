// Rounds of killing the real process under load, with an external ledger of what was acknowledged and what was executed.
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acknowledged, note, readLedger, repeatedEffects } from "./ledger.ts";
import { aTurn, call, killAll, startServer, workersOf, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const lanes = 12;

const project = {
  "workflows/job.ts": `
import { appendFileSync } from "node:fs";
import { workflow } from "sluice";

const effect = (run: string, step: number) => appendFileSync(process.env.LEDGER ?? "", \`effect \${run} \${step}\\n\`);

export const job = workflow({ name: "job" }, async (ctx, input: { size: number }) => {
  let sum = 0;
  for (let step = 0; step < 4; step++) {
    sum += await ctx.step(\`step \${step}\`, async () => { effect(ctx.run.id, step); return input.size + step; });
    if (step === 1) await ctx.sleep("breath", 2);
    if (step === 2) await ctx.call(child, { size: input.size });
  }
  return sum;
});

export const child = workflow({ name: "child" }, async (ctx, input: { size: number }) => ctx.step("only", () => input.size));
`,
};

/** What a round kills: everything, or the worker alone. */
type Victim = "server" | "worker";

interface Rig {
  readonly folder: string;
  readonly ledger: string;
}

/** Keeps starting runs until the server no longer answers. */
async function load(rig: Rig, server: ServerProcess, lane: number): Promise<void> {
  for (let round = 0; ; round++) {
    const started = await call<{ run?: { id: string } }>(server, "POST /api/v1/workflows/job/runs?wait=20s", {
      input: { size: lane + round },
      id: `run-${lane}-${crypto.randomUUID()}`,
    });
    if (started?.body.run === undefined) return;
    note(rig.ledger, { what: "started", run: started.body.run.id, step: 0 });
  }
}

/** Starts without waiting for the result: what was acknowledged an instant before the kill counts. */
async function fire(rig: Rig, server: ServerProcess): Promise<void> {
  for (;;) {
    const started = await call<{ run?: { id: string } }>(server, "POST /api/v1/workflows/job/runs", {
      input: { size: 1 },
    });
    if (started?.body.run === undefined) return;
    note(rig.ledger, { what: "started", run: started.body.run.id, step: 0 });
  }
}

async function killAfter(
  rig: Rig,
  server: ServerProcess,
  { victim, count }: { victim: Victim; count: number },
): Promise<void> {
  const before = readLedger(rig.ledger).length;
  while (readLedger(rig.ledger).length < before + count) {
    if (server.process.exitCode !== null) throw new Error(`the server ended by itself: ${server.stderr()}`);
    await aTurn();
  }
  if (victim === "server") {
    await killAll(server);
    return;
  }
  for (const pid of await workersOf(server)) process.kill(pid, "SIGKILL");
}

/** Kills and restarts the server this often; then everything acknowledged must be complete and nothing executed twice. */
export async function killRounds(
  rounds: number,
  seed: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-kill-"));
  const rig: Rig = { folder, ledger: join(folder, "ledger") };
  writeProject(join(folder, "project"), project);
  const start = (): Promise<ServerProcess> =>
    startServer({ project: join(folder, "project"), data: join(folder, "data"), env: { LEDGER: rig.ledger, ...settings } });
  let random = seed;
  const below = (limit: number): number => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return (random >>> 8) % limit;
  };
  let server = await start();
  for (let round = 0; round < rounds; round++) {
    const loads = [...Array.from({ length: lanes }, (_, lane) => load(rig, server, lane)), fire(rig, server)];
    const victim = below(4) === 0 ? "worker" : "server";
    await killAfter(rig, server, { victim, count: 1 + below(60) });
    if (victim === "worker") {
      await killAfter(rig, server, { victim: "server", count: 40 });
    }
    await Promise.all(loads);
    server = await start();
  }
  await verify(rig, server, seed);
  await killAll(server);
  rmSync(folder, { recursive: true, force: true });
}

async function verify(rig: Rig, server: ServerProcess, seed: number): Promise<void> {
  const wrong: string[] = [];
  for (const run of acknowledged(readLedger(rig.ledger))) {
    const status = await finalStatus(server, run);
    if (status !== "completed") wrong.push(`${run} is ${status}`);
  }
  wrong.push(...repeatedEffects(readLedger(rig.ledger)));
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
}

async function finalStatus(server: ServerProcess, run: string): Promise<string> {
  for (;;) {
    const shown = await call<{ run?: { status: string } }>(server, `GET /api/v1/runs/${run}`);
    const status = shown?.body.run?.status;
    if (status === undefined) return `gone (${shown?.status})`;
    if (["completed", "failed", "cancelled", "timedout"].includes(status)) return status;
    await aTurn();
  }
}
