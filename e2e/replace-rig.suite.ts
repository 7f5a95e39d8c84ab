// A server that is replaced while requests come, and the account of what became of every request and every run.
import { expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLoad } from "./replace-load.ts";
import type { Load } from "./replace-load.ts";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = {
  "workflows/job.ts": `
import { appendFileSync } from "node:fs";
import { workflow } from "sluice";

const note = (run: string, step: string) => appendFileSync(process.env.LEDGER ?? "", \`\${run} \${step}\\n\`);

export const job = workflow({ name: "job" }, async (ctx, input: { n: number }) => {
  await ctx.step("first", () => note(ctx.run.id, "first"));
  await ctx.sleep("breath", 5);
  await ctx.step("last", () => note(ctx.run.id, "last"));
  return input.n;
});
`,
};

export interface ReplacingRig {
  readonly start: (...args: readonly string[]) => Promise<ServerProcess>;
  readonly ledger: string;
  readonly folder: string;
}

export function makeRig(): ReplacingRig {
  const folder = mkdtempSync(join(tmpdir(), "sluice-replace-"));
  const ledger = join(folder, "ledger");
  writeProject(join(folder, "project"), project);
  const start = (...args: readonly string[]): Promise<ServerProcess> =>
    startServer({ project: join(folder, "project"), data: join(folder, "data"), env: { LEDGER: ledger }, args });
  return { start, ledger, folder };
}

/** Replaces a server so many times in a row under load; no request may fail, every run must be executed once. */
export async function replaceUnderLoad(p: { readonly times: number; readonly perSecond: number }): Promise<void> {
  const rig = makeRig();
  let server = await rig.start();
  const port = Number(new URL(server.url).port);
  const load = startLoad({ port, perSecond: p.perSecond, workflow: "job" });
  const exits: (number | string)[] = [];
  for (let time = 0; time < p.times; time++) {
    await answeredMore(load, p.perSecond);
    const before = server;
    server = await rig.start("--replace");
    expect(server.url).toBe(before.url);
    exits.push(await before.exited);
  }
  await answeredMore(load, p.perSecond);
  const report = await load.stop();
  const at = (part: number): number => Math.round(report.latenciesMs[Math.floor(part * (report.answered - 1))] ?? 0);
  const figures = { times: p.times, answered: report.answered, failed: report.failures.length };
  const latencies = { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  process.stdout.write(`${JSON.stringify({ ...figures, ...latencies })}\n`);
  expect(report.failures).toEqual([]);
  expect(exits).toEqual(Array.from({ length: p.times }, () => 0));
  await everyRunOnce(server, rig, report.started);
  await killAll(server);
  rmSync(rig.folder, { recursive: true, force: true });
}

/** Resolves when so many more requests have been answered. */
async function answeredMore(load: Load, more: number): Promise<void> {
  const wanted = load.answered + more;
  while (load.answered < wanted) await new Promise<void>((resolve) => void setTimeout(resolve, 20));
}

async function everyRunOnce(server: ServerProcess, rig: ReplacingRig, started: readonly string[]): Promise<void> {
  const wrong: string[] = [];
  for (const run of started) {
    const shown = await call<{ run: { status: string } }>(server, `GET /api/v1/runs/${run}?wait=20s`);
    if (shown?.body.run.status !== "completed") wrong.push(`${run} is ${shown?.body.run.status}`);
  }
  const lines = readFileSync(rig.ledger, "utf8").split("\n");
  const effects = new Map<string, number>();
  for (const line of lines) if (line !== "") effects.set(line, (effects.get(line) ?? 0) + 1);
  for (const [effect, count] of effects) if (count > 1) wrong.push(`${effect} happened ${count} times`);
  expect(wrong).toEqual([]);
  // Neither a run that nobody was told of, nor one without its effects.
  expect(effects.size).toBe(2 * new Set(started).size);
}
