// Workers on other machines with the shipped command: the port in the ready line, builds that outlive a killed server, the command
// line over it all, and what is refused without TLS.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandsIn, sluice } from "./cli-process.ts";
import { aTurn, call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-workers-"));
const project = join(work, "project");
const program = join(import.meta.dir, "../packages/worker/src/build-main.node.ts");
const workers: Bun.Subprocess[] = [];

beforeAll(() =>
  writeProject(project, {
    "workflows/none.ts":
      'import { workflow } from "sluice";\nexport const none = workflow({ name: "none" }, async () => 1);\n',
  }),
);
afterAll(() => {
  for (const worker of workers) worker.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
});

interface Build {
  readonly id: string;
  readonly status: string;
  readonly worker: string | null;
  readonly epoch: number;
}

async function build(server: ServerProcess, command: readonly string[]): Promise<string> {
  const made = await call<{ build: Build }>(server, "POST /api/v1/builds", { target: "t", options: { command } });
  expect(made?.status).toBe(201);
  return made!.body.build.id;
}

/** Follows the build's events until there is nothing more to come. */
async function events(server: ServerProcess, id: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.url}/api/v1/builds/${id}/events`, { headers })).text();
}

async function shown(server: ServerProcess, id: string): Promise<Build> {
  return (await call<{ build: Build }>(server, `GET /api/v1/builds/${id}`))!.body.build;
}

function start(port: number, more: Readonly<Record<string, unknown>>): Bun.Subprocess {
  const options = JSON.stringify({ host: "127.0.0.1", port, capabilities: ["build"], heartbeatMs: 1_000, ...more });
  const worker = Bun.spawn([process.execPath, program, options], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  workers.push(worker);
  return worker;
}

describe("sluice up --worker-port 0", () => {
  test("takes workers with their tokens, and the command line shows, drains and removes them", async () => {
    const data = join(work, "one");
    const server = await startServer({ project, data, args: ["--worker-port", "0"] });
    try {
      expect(server.workerPort).toBeGreaterThan(0);
      const flags = ["--url", server.url, "--token", token];
      const { json, fails } = commandsIn(project);
      const made = await json("token", "create", "--role", "worker", "--name", "ci", "--limit", "label=gpu", ...flags);
      const worker = start(server.workerPort!, { workerId: "ci-7", token: (made as { token: string }).token });
      expect(await events(server, await build(server, ["echo", "hello"]))).toContain('"text":"hello\\n"');
      const listed = (await json("worker", "list", ...flags)) as { workers: readonly Record<string, unknown>[] };
      expect(listed.workers.map(({ id, kind, labels }) => [id, kind, labels])).toContainEqual([
        "ci-7",
        "remote",
        ["gpu"],
      ]);
      expect(listed.workers.map(({ kind }) => kind)).toContain("local");
      expect(await json("worker", "drain", "ci-7", ...flags)).toEqual({ draining: "ci-7" });
      expect(await json("worker", "remove", "ci-7", ...flags)).toEqual({ removed: "ci-7" });
      await worker.exited;
      expect(await fails("worker", "remove", "ci-7", ...flags)).toMatchObject({
        code: 1,
        error: { code: "worker_not_found" },
      });
    } finally {
      await killAll(server);
    }
  }, 60_000);

  test("a build outlives a server and a worker that are killed, and ends once", async () => {
    const data = join(work, "two");
    const first = await startServer({ project, data, args: ["--worker-port", "0"] });
    start(first.workerPort!, { workerId: "a", token });
    const mark = join(work, "again");
    const id = await build(first, [
      "sh",
      "-c",
      `if [ -e ${mark} ]; then echo twice; else echo $$ > ${mark}; exec sleep 600; fi`,
    ]);
    let group = 0;
    while (group === 0) group = existsSync(mark) ? Number(readFileSync(mark, "utf8")) : (await aTurn(), 0);
    for (const worker of workers) worker.kill("SIGKILL");
    // A worker that is killed cannot end what it runs.
    process.kill(-group, "SIGKILL");
    await killAll(first);
    const second = await startServer({ project, data, args: ["--worker-port", "0"] });
    try {
      expect(await shown(second, id)).toMatchObject({ status: "running", worker: "a", epoch: 1 });
      start(second.workerPort!, { workerId: "b", token });
      const told = await events(second, id);
      expect(told).toContain('"text":"twice\\n"');
      expect(told.match(/^event: ended$/gm)).toHaveLength(1);
      expect(await shown(second, id)).toMatchObject({ status: "completed", worker: "b", epoch: 2 });
    } finally {
      await killAll(second);
    }
  }, 60_000);
});

test("an address that others reach is refused without TLS, before anything is opened", async () => {
  const args = ["up", "--project", project, "--port", "0", "--worker-port", "0", "--worker-host", "0.0.0.0"];
  const { exitCode, stderr } = await sluice(args);
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining("Without TLS workers are listened for on loopback only"),
  ]);
});
