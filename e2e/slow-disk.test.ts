// A slow disk makes commits slow, and nothing else: the engine's thread never waits for it.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildShim, shimEnv, syncsOf } from "./fsync-shim.ts";
import { aTurn, call, killAll, startServer, token, writeProject } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-slow-disk-"));
const library = buildShim(folder);
const delayMs = 10;
const answerMsMax = 10;
const requests = 400;
const startsAtOnce = 200;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(library === undefined)(
  "with every sync delayed by 10 ms (needs gcc on Linux: apt-get install gcc)",
  () => {
    test("health and an unrelated read still answer in under 10 ms at p99", async () => {
      writeProject(join(folder, "project"), {
        "workflows/job.ts": `import { workflow } from "sluice";
export const job = workflow({ name: "job" }, async (ctx) => ctx.step("one", () => 1));
`,
      });
      const env = shimEnv({ library: library ?? "", root: join(folder, "data"), log: join(folder, "log"), delayMs });
      const server = await startServer({ project: join(folder, "project"), data: join(folder, "data"), env });
      const loading = new AbortController();
      const completed: string[] = [];
      const load = async (): Promise<void> => {
        while (!loading.signal.aborted) {
          const run = await call<{ run?: { status: string } }>(server, "POST /api/v1/workflows/job/runs?wait=10s", {});
          if (run?.body.run?.status === "completed") completed.push(run.body.run.status);
        }
      };
      const loads = Array.from({ length: 8 }, load);
      const times: number[] = [];
      while (completed.length < 8) await aTurn();
      for (let i = 0; i < requests; i++) {
        const path = i % 2 === 0 ? "/health" : "/api/v1/workflows";
        const before = performance.now();
        const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
        await response.arrayBuffer();
        times.push(performance.now() - before);
        expect(response.status).toBe(200);
      }
      loading.abort();
      await Promise.all(loads);
      await killAll(server);
      const p99 = times.toSorted((a, b) => a - b)[Math.floor(requests * 0.99)] ?? Number.POSITIVE_INFINITY;
      expect(p99).toBeLessThan(answerMsMax);
    }, 60_000);

    test("a start is acknowledged after its sync, and those that come together share one", async () => {
      const [project, data, log] = [join(folder, "shared"), join(folder, "shared-data"), join(folder, "shared-log")];
      writeProject(project, {
        "workflows/wait.ts": `import { workflow } from "sluice";
export const wait = workflow({ name: "wait" }, async (ctx) => ctx.waitFor("go"));
`,
      });
      const server = await startServer({
        project,
        data,
        env: shimEnv({ library: library ?? "", root: data, log, delayMs }),
      });
      const start = async (): Promise<number> => {
        const before = performance.now();
        expect((await call(server, "POST /api/v1/workflows/wait/runs", {}))?.status).toBe(201);
        return performance.now() - before;
      };
      for (let alone = 0; alone < 10; alone++) expect(await start()).toBeGreaterThanOrEqual(delayMs);
      const before = syncsOf(log, "state.db-wal");
      await Promise.all(Array.from({ length: startsAtOnce }, start));
      const syncs = syncsOf(log, "state.db-wal") - before;
      expect(syncs).toBeGreaterThan(0);
      expect(syncs).toBeLessThan(startsAtOnce / 4);
      await killAll(server);
    }, 60_000);
  },
);
