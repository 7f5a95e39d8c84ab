// A slow disk makes commits slow, and nothing else: the engine's thread never waits for it.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildShim, shimEnv } from "./fsync-shim.ts";
import { call, killAll, startServer, token, writeProject } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-slow-disk-"));
const library = buildShim(folder);
const delayMs = 10;
const answerMsMax = 10;
const requests = 400;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(library === undefined)("with every sync delayed by 10 ms (needs gcc on Linux: apt-get install gcc)", () => {
  test("health and an unrelated read still answer in under 10 ms at p99", async () => {
    writeProject(join(folder, "project"), {
      "workflows/job.ts": `import { workflow } from "sluice";
export const job = workflow({ name: "job" }, async (ctx) => ctx.step("one", () => 1));
`,
    });
    const env = shimEnv({ library: library ?? "", root: join(folder, "data"), log: join(folder, "log"), delayMs });
    const server = await startServer({ project: join(folder, "project"), data: join(folder, "data"), env });
    let loading = true;
    let completed = 0;
    const load = async (): Promise<void> => {
      while (loading) {
        const run = await call<{ run?: { status: string } }>(server, "POST", "/api/v1/workflows/job/runs?wait=10s", {});
        if (run?.body.run?.status === "completed") completed++;
      }
    };
    const loads = Array.from({ length: 8 }, load);
    const times: number[] = [];
    while (completed < 8) await new Promise((resolve) => void setImmediate(resolve));
    for (let i = 0; i < requests; i++) {
      const path = i % 2 === 0 ? "/health" : "/api/v1/workflows";
      const before = performance.now();
      const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
      times.push(performance.now() - before);
      expect(response.status).toBe(200);
    }
    loading = false;
    await Promise.all(loads);
    await killAll(server);
    const p99 = times.sort((a, b) => a - b)[Math.floor(requests * 0.99)] ?? Number.POSITIVE_INFINITY;
    expect(p99).toBeLessThan(answerMsMax);
  }, 60_000);
});
