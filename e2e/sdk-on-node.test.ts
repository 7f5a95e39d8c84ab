// The SDK under Node against the shipped server: every verb of the client, with values that JSON has no word for.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-sdk-on-node-"));
let server: ServerProcess;

beforeAll(async () => {
  writeProject(folder, {
    "workflows/all.ts": `
import { workflow } from "sluice";

export const order = workflow({ name: "order" }, (ctx, input) => ctx.step("same", () => input));
export const waits = workflow({ name: "waits" }, (ctx) => ctx.waitFor("go"));
export const asks = workflow({ name: "asks" }, (ctx) => ctx.approve("boss"));
export const calls = workflow({ name: "calls" }, async (ctx) => {
  const made = await ctx.token("outside");
  ctx.progress(made.token);
  return made.wait();
});
`,
  });
  server = await startServer({ project: folder, data: join(folder, "data") });
}, 30_000);

afterAll(async () => {
  await killAll(server);
  rmSync(folder, { recursive: true, force: true });
});

test("the SDK works under Node: connect, start, follow, answer, cancel, list, state", async () => {
  const entry = join(import.meta.dir, "sdk-on-node.suite.ts");
  const built = await Bun.build({ entrypoints: [entry], target: "node", format: "esm", outdir: folder });
  expect(built.success).toBe(true);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const env = { ...process.env, SLUICE_URL: server.url, SLUICE_TOKEN: token };
  const child = Bun.spawn(["node", join(folder, "sdk-on-node.suite.js")], { env, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toEqual({
    runtime: "node",
    created: [true, false, true],
    result: [true, true],
    steps: ["same"],
    events: ["run", "step"],
    waited: true,
    duplicate: [false, true],
    denied: "too much",
    called: true,
    cancelled: "cancelled",
    missing: "run_not_found",
    runs: ["order"],
    state: [1, 1, true],
  });
}, 30_000);
