// Tasks with the shipped command on one machine: the supervised worker does them, and nothing that dies loses or doubles one.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-tasks-"));
const project = join(work, "project");

beforeAll(() =>
  writeProject(project, {
    "workflows/tasks.ts": `
import { appendFileSync, existsSync } from "node:fs";
import { NonRetryableError, task, workflow } from "sluice";

export const gate = task({ name: "gate", on: { runtime: "bun" } }, async (input: { log: string; gate: string }, at) => {
  appendFileSync(input.log, process.pid + "\\n");
  at.log("begun");
  while (!existsSync(input.gate)) await new Promise((resolve) => setTimeout(resolve, 5));
  return at.attempt;
});
export const never = task({ name: "never", retry: { attempts: 5 } }, () => {
  throw new NonRetryableError("not today", { code: "closed" });
});
export const through = workflow({ name: "through" }, async (ctx, input: { log: string; gate: string }) => [
  await ctx.step("before", () => "once"),
  await ctx.task(gate, input),
]);
export const refused = workflow({ name: "refused" }, (ctx) => ctx.task(never, undefined));
`,
  }),
);
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Shown {
  readonly run: { readonly id: string; readonly status: string; readonly output: unknown; readonly error: unknown };
}

async function api<T>(server: ServerProcess, path: string, body?: unknown): Promise<T> {
  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

async function pidsIn(log: string, count: number): Promise<number[]> {
  for (;;) {
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").filter(Boolean) : [];
    if (lines.length >= count) return lines.map(Number);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

async function ended(server: ServerProcess, run: string): Promise<Shown["run"]> {
  return (await api<Shown>(server, `/api/v1/runs/${run}?wait=20s`)).run;
}

async function started(server: ServerProcess, name: string): Promise<{ run: string; log: string; gate: string }> {
  const files = { log: join(work, `${name}.log`), gate: join(work, `${name}.gate`) };
  const { run } = await api<Shown>(server, "/api/v1/workflows/through/runs", { input: files });
  return { run: run.id, ...files };
}

describe("tasks on one machine", () => {
  test("are done by the supervised worker; errors come back as they were", async () => {
    const server = await startServer({ project, data: join(work, "one") });
    const { run, log, gate } = await started(server, "one");
    await pidsIn(log, 1);
    const steps = await api<{ steps: { kind: string; name: string; status: string }[] }>(
      server,
      `/api/v1/runs/${run}/steps`,
    );
    expect(steps.steps.map(({ kind, name, status }) => `${kind} ${name} ${status}`)).toContain("task gate running");
    writeFileSync(gate, "");
    expect(await ended(server, run)).toMatchObject({ status: "completed", output: ["once", 1] });
    const { run: refused } = await api<Shown>(server, "/api/v1/workflows/refused/runs?wait=20s", { input: null });
    expect(refused).toMatchObject({ status: "failed", error: { message: "not today" } });
    server.process.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  }, 60_000);

  test("of a worker that is killed are done by the next one, and so after the server is killed", async () => {
    const data = join(work, "two");
    const server = await startServer({ project, data });
    const { run, log, gate } = await started(server, "two");
    const [first = 0] = await pidsIn(log, 1);
    process.kill(first, "SIGKILL");
    const [, second = 0] = await pidsIn(log, 2);
    expect(second).not.toBe(first);
    process.kill(server.process.pid ?? 0, "SIGKILL");
    await server.exited;
    const again = await startServer({ project, data });
    const [, , third = 0] = await pidsIn(log, 3);
    expect([first, second]).not.toContain(third);
    writeFileSync(gate, "");
    expect(await ended(again, run)).toMatchObject({ status: "completed", output: ["once", 1] });
    expect(await pidsIn(log, 3)).toHaveLength(3);
    again.process.kill("SIGTERM");
    expect(await again.exited).toBe(0);
  }, 60_000);
});
