// Flows of a project under `sluice up`: workflows like every other, with native triggers and the graph they declare.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-cronflow-up-"));
let server: ServerProcess;

beforeAll(async () => {
  const project = join(work, "project");
  writeProject(project, {
    "workflows/greet.ts": `import { cronflow } from "sluice/cronflow";
      export const greet = cronflow
        .define({ id: "greet", secrets: { WORD: { env: "GREETING" } } })
        .onWebhook("/greet")
        .onWebhook("/guarded", { condition: () => false })
        .step("hello", async (ctx) => \`\${await ctx.secrets.get("WORD")} \${ctx.payload.name}\`)
        .if("loud", (ctx) => ctx.payload.loud === true)
        .step("shout", (ctx) => ctx.last.toUpperCase())
        .else()
        .sleep(1)
        .endIf()
        .step("end", (ctx) => ctx.last);
      export const state = cronflow.define({ id: "stateful" }).step("count", (ctx) => ctx.state.incr("n"));`,
  });
  server = await startServer({ project, data: join(work, "data"), env: { GREETING: "hello" } });
});
afterAll(async () => {
  await killAll(server);
  rmSync(work, { recursive: true, force: true });
});

async function run(
  workflow: string,
  input: unknown,
): Promise<{ readonly status: string; readonly output: unknown; readonly error: { readonly message: string } | null }> {
  const answer = await call<{ run: { status: string; output: unknown; error: { message: string } | null } }>(
    server,
    `POST /api/v1/workflows/${workflow}/runs?wait=20s`,
    { input },
  );
  return answer?.body.run ?? { status: "none", output: undefined, error: null };
}

test("a flow is executed by the project's worker, with the environment's secrets", async () => {
  expect(await run("greet", { name: "Ada" })).toMatchObject({ status: "completed", output: "hello Ada" });
  expect(await run("greet", { name: "Ada", loud: true })).toMatchObject({ output: "HELLO ADA" });
});

test("its graph is the declared one", async () => {
  const graph = await call<{ source: string; nodes: { id: string }[] }>(server, "GET /api/v1/workflows/greet/graph");
  expect(graph?.body.source).toBe("declared");
  expect(graph?.body.nodes.map(({ id }) => id)).toEqual([
    "start",
    "step:hello",
    "step:loud",
    "step:shout",
    "sleep:sleep",
    "step:end",
    "end",
  ]);
});

test("its webhook is there; one whose condition would not be asked is not", async () => {
  const taken = await fetch(`${server.url}/hooks/greet`, { method: "POST", body: JSON.stringify({ name: "Bob" }) });
  expect(taken.status).toBe(202);
  const guarded = await fetch(`${server.url}/hooks/guarded`, { method: "POST", body: "{}" });
  expect(guarded.status).toBe(404);
});

test("shared state inside of a step is refused with what to do", async () => {
  expect(await run("stateful", null)).toMatchObject({
    status: "failed",
    error: { message: "The engine is not started." },
  });
});
