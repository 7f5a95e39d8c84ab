// A full disk refuses new work with a reason, keeps what it has, and recovers without a restart.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aTurn, call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-full-"));
const disk = join(folder, "disk");
const diskBytes = 24 * 1024 * 1024;
mkdirSync(disk);
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskBytes}`, "tmpfs", disk]).status === 0;
let server: ServerProcess;

interface Shown {
  readonly run?: { readonly id: string; readonly status: string };
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

const start = (bytes: number): ReturnType<typeof call<Shown>> =>
  call<Shown>(server, "POST /api/v1/workflows/keep/runs", { input: { text: "x".repeat(bytes) } });

beforeAll(async () => {
  if (!mounted) return;
  writeProject(join(folder, "project"), {
    "workflows/keep.ts": `import { workflow } from "sluice";
export const keep = workflow({ name: "keep" }, async (ctx, input: { text: string }) => ctx.step("length", () => input.text.length));
`,
  });
  server = await startServer({ project: join(folder, "project"), data: join(disk, "data") });
});

afterAll(async () => {
  if (mounted) {
    await killAll(server);
    spawnSync("umount", ["-l", disk]);
  }
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!mounted)("a full disk (needs the right to mount a tmpfs: run as root)", () => {
  test("refuses starts with 503 and a reason, goes on reading, and recovers when there is room again", async () => {
    writeFileSync(join(disk, "filler"), new Uint8Array(diskBytes / 2));
    const taken: string[] = [];
    let refusal: Awaited<ReturnType<typeof start>>;
    for (;;) {
      const answer = await start(50_000);
      if (answer?.status !== 201) {
        refusal = answer;
        break;
      }
      taken.push(answer.body.run?.id ?? "");
    }
    expect(refusal?.status).toBe(503);
    expect(refusal?.body.error).toMatchObject({ code: "disk_full" });
    expect(refusal?.body.error?.message.length).toBeGreaterThan(0);
    expect(taken.length).toBeGreaterThan(10);

    const read = await call<Shown>(server, `GET /api/v1/runs/${taken[0]}`);
    expect(read?.status).toBe(200);
    expect((await call(server, "GET /health"))?.status).toBe(200);

    rmSync(join(disk, "filler"));
    for (;;) {
      const answer = await start(10);
      if (answer?.status === 201) break;
      expect(answer?.status).toBe(503);
    }
    for (const run of taken) {
      for (;;) {
        const shown = await call<Shown>(server, `GET /api/v1/runs/${run}`);
        expect(shown?.status).toBe(200);
        if (shown?.body.run?.status === "completed") break;
        await aTurn();
      }
    }
  }, 90_000);
});
