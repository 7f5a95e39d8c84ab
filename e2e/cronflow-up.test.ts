// Flows of a project under `sluice up`: workflows like every other, with native triggers and the graph they declare.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sluice } from "./cli-process.ts";
import { call, killAll, startServer, token, writeProject } from "./server-process.ts";
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

test("finished runs of a cronflow database become history, once", async () => {
  const file = join(work, "data.db");
  const database = new Database(file);
  database.run("CREATE TABLE workflows (id TEXT, name TEXT, description TEXT, definition TEXT)");
  database.run(
    "CREATE TABLE workflow_runs (id TEXT, workflow_id TEXT, status TEXT, payload TEXT, started_at TEXT, completed_at TEXT, error TEXT)",
  );
  database.run(
    "CREATE TABLE step_results (run_id TEXT, step_id TEXT, status TEXT, output TEXT, error TEXT, started_at TEXT, completed_at TEXT)",
  );
  database.run("CREATE TABLE triggers (id TEXT, workflow_id TEXT, trigger_type TEXT, config TEXT)");
  database.run("INSERT INTO workflows VALUES ('greet', 'Greet', NULL, '{\"steps\":[{\"id\":\"hello\"}]}')");
  database.run(
    `INSERT INTO workflow_runs VALUES ('old-1', 'greet', 'Completed', '{"name":"Eve"}', '2025-11-01T10:00:00Z', '2025-11-01T10:00:01Z', NULL)`,
  );
  database.run(
    `INSERT INTO step_results VALUES ('old-1', 'hello', 'Completed', '"hello Eve"', NULL, '2025-11-01T10:00:00Z', '2025-11-01T10:00:01Z')`,
  );
  database.close();
  const args = ["migrate", "cronflow", file, "--import", "--json", "--url", server.url, "--token", token];
  const imported = await sluice(args);
  expect(imported).toMatchObject({ exitCode: 0, stderr: "" });
  expect(JSON.parse(imported.stdout)).toMatchObject({ finished: 1, imported: 1, skipped: 0 });
  expect(JSON.parse((await sluice(args)).stdout)).toMatchObject({ imported: 0, skipped: 1 });
  const old = await call<{ run: object }>(server, "GET /api/v1/runs/old-1");
  expect(old?.body.run).toMatchObject({
    workflow: "greet",
    status: "completed",
    input: { name: "Eve" },
    output: "hello Eve",
  });
});

test("shared state inside of a step is refused with what to do", async () => {
  expect(await run("stateful", null)).toMatchObject({
    status: "failed",
    error: { message: "The engine is not started." },
  });
});
