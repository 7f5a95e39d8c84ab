// Workers that stop answering: a frozen one and one that spins. Their runs go on elsewhere, and what they knew cannot be written.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acknowledged, note, readLedger, repeatedEffects } from "./ledger.ts";
import { aTurn, call, killAll, startServer, workersOf, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-stall-"));
const ledger = join(folder, "ledger");
const rounds = 4;
let server: ServerProcess;

interface Shown {
  readonly run?: { readonly id: string; readonly status: string; readonly statusReason: string | null };
}

beforeAll(async () => {
  writeProject(join(folder, "project"), {
    "workflows/job.ts": `
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { workflow } from "sluice";

const effect = (run: string, step: number) => appendFileSync(process.env.LEDGER ?? "", \`effect \${run} \${step}\\n\`);

export const job = workflow({ name: "job" }, async (ctx) => {
  for (let step = 0; step < 6; step++) await ctx.step(\`step \${step}\`, async () => effect(ctx.run.id, step));
});

export const spin = workflow({ name: "spin" }, async (ctx) =>
  ctx.step("spins once", () => {
    const mark = (process.env.LEDGER ?? "") + ".spun";
    if (existsSync(mark)) return "went on";
    writeFileSync(mark, "");
    for (;;);
  }),
);
`,
  });
  const limits = ["stallMs=300", "leaseMs=900", "workerHeartbeatMs=100", "restartDelayMs=10"].flatMap((limit) => [
    "--limit",
    limit,
  ]);
  server = await startServer({
    project: join(folder, "project"),
    data: join(folder, "data"),
    env: { LEDGER: ledger },
    args: limits,
  });
});

afterAll(async () => {
  await killAll(server);
  rmSync(folder, { recursive: true, force: true });
});

async function finalStatus(run: string): Promise<string> {
  for (;;) {
    const shown = await call<Shown>(server, `GET /api/v1/runs/${run}`);
    const status = shown?.body.run?.status ?? "gone";
    if (!["queued", "running", "waiting"].includes(status)) return status;
    await aTurn();
  }
}

describe("a worker that stops answering", () => {
  test("frozen past its lease under load: every run completes and no completed step is executed again", async () => {
    for (let round = 0; round < rounds; round++) {
      const load = new AbortController();
      const starts = async (): Promise<void> => {
        while (!load.signal.aborted) {
          const started = await call<Shown>(server, "POST /api/v1/workflows/job/runs", {});
          if (started?.status === 201) note(ledger, { what: "started", run: started.body.run?.id ?? "", step: 0 });
        }
      };
      const starting = [starts(), starts()];
      const before = readLedger(ledger).length;
      while (readLedger(ledger).length < before + 50) await aTurn();
      const frozen = await workersOf(server);
      for (const pid of frozen) process.kill(pid, "SIGSTOP");
      while ((await workersOf(server)).some((pid) => frozen.includes(pid))) await aTurn();
      load.abort();
      await Promise.all(starting);
    }
    for (const run of acknowledged(readLedger(ledger))) expect(await finalStatus(run)).toBe("completed");
    expect(repeatedEffects(readLedger(ledger))).toEqual([]);
  }, 60_000);

  test("one that spins is named with its step, killed and replaced; the run goes on", async () => {
    const started = await call<Shown>(server, "POST /api/v1/workflows/spin/runs", {});
    expect(await finalStatus(started?.body.run?.id ?? "")).toBe("completed");
    expect(server.stderr()).toContain("spins once");
  }, 60_000);
});
