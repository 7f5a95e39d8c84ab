// A sync that fails: the kernel may have dropped the pages, so nothing more is acknowledged and the server ends by itself.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildShim, shimEnv, undoUnsynced } from "./fsync-shim.ts";
import { aTurn, call, killAll, startServer, writeProject } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-failed-sync-"));
const library = buildShim(folder);
const lanes = 8;
const startsBefore = 200;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly run?: { readonly id: string; readonly status: string };
}

describe.skipIf(library === undefined)("a sync that fails (needs gcc on Linux: apt-get install gcc)", () => {
  test("ends the server, and what it acknowledged until then is there at the next start", async () => {
    const [project, data, log] = [join(folder, "project"), join(folder, "data"), join(folder, "log")];
    const failFile = join(folder, "fail");
    writeProject(project, {
      "workflows/job.ts": `import { workflow } from "sluice";
export const job = workflow({ name: "job" }, async (ctx) => ctx.step("one", () => ctx.run.id));
`,
    });
    const env = shimEnv({ library: library ?? "", root: data, log, failFile });
    const server = await startServer({ project, data, env });
    const acknowledged: string[] = [];
    const load = async (): Promise<void> => {
      for (;;) {
        const answer = await call<Started>(server, "POST /api/v1/workflows/job/runs", {});
        if (answer === undefined) return;
        if (answer.body.run !== undefined) acknowledged.push(answer.body.run.id);
      }
    };
    const loads = Array.from({ length: lanes }, load);
    while (acknowledged.length < startsBefore) await aTurn();
    writeFileSync(failFile, "");
    expect(await server.exited).toBe(1);
    await Promise.all(loads);
    expect(server.stderr()).toContain("SQLITE_IOERR_FSYNC");
    expect(undoUnsynced(log).undone).toBeGreaterThan(0);

    const next = await startServer({ project, data });
    const missing: string[] = [];
    for (const run of acknowledged) {
      const shown = await call<Started>(next, `GET /api/v1/runs/${run}?wait=10s`);
      if (shown?.body.run?.status !== "completed") missing.push(run);
    }
    await killAll(next);
    expect(missing).toEqual([]);
  }, 60_000);
});
