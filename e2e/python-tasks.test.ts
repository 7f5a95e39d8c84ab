// Tasks in Python for the shipped command: a run of `sluice up` calls them, `sluice-worker` from the packed wheel does them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setUpPython } from "./python-rig.ts";
import { killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-python-tasks-"));
const setup = setUpPython();
const started: ChildProcess[] = [];
let server: ServerProcess;

const workflows = `
import { workflow } from "sluice";

const python = { on: { runtime: "python" } };
export const calls = workflow({ name: "calls" }, (ctx, input: { task: string; given: unknown }) =>
  ctx.task(input.task, input.given, { ...python, retry: { attempts: 3, delay: 1 } }),
);
`;
const worker = `
import asyncio
import os
import time
from pathlib import Path

from sluice_worker import BlockingTask, NonRetryable, RetryAfter, Task, Worker

worker = Worker("py", ["build"], token_file="worker.token", heartbeat_ms=1000, slots=4)


@worker.task("resize")
async def resize(picture: dict[str, object], task: Task) -> dict[str, object]:
    await task.progress({"percent": 50})
    await task.log("half way", {"picture": picture["id"]})
    return {**picture, "attempt": task.attempt}


@worker.task("blocks")
def blocks(given: list[object]) -> list[object]:
    time.sleep(0.2)
    return [*given, "from a thread"]


def of_its_own(size: int, task: BlockingTask) -> dict[str, object]:
    print("printed by a process of its own", flush=True)
    return {"text": "x" * size, "worker": os.getppid()}


worker.task("process", runs_in="process")(of_its_own)


@worker.task("again")
def again(given: object, task: BlockingTask) -> int:
    if task.attempt < 3:
        raise RetryAfter("not yet", delay_ms=1)
    return task.attempt


@worker.task("never")
def never(given: object) -> None:
    raise NonRetryable("there is no such picture", code="no_picture")


@worker.task("waits")
async def waits(log: str, task: Task) -> None:
    try:
        with open(log, "a") as lines:
            lines.write("begun\\n")
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        with open(log, "a") as lines:
            lines.write("told\\n")
        raise


@worker.task("held")
async def held(gate: str, task: Task) -> str:
    with open(gate + ".begun", "a") as lines:
        lines.write(f"{os.getpid()}\\n")
    while not Path(gate).exists():
        await asyncio.sleep(0.01)
    return f"done by {os.getpid()}"
`;

const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };

async function api<T>(path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(server.url + path, { headers, ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as T;
}

interface Shown {
  readonly run: {
    readonly id: string;
    readonly status: string;
    readonly output: unknown;
    readonly error: { readonly code?: string; readonly message?: string } | null;
  };
}

const begin = async (workflow: string, input: unknown): Promise<string> =>
  (await api<Shown>(`/api/v1/workflows/${workflow}/runs`, { input })).run.id;
const ended = async (run: string): Promise<Shown["run"]> => (await api<Shown>(`/api/v1/runs/${run}?wait=60s`)).run;
const called = async (task: string, given: unknown): Promise<Shown["run"]> =>
  ended(await begin("calls", { task, given }));

async function linesOf(path: string, count: number): Promise<string[]> {
  for (;;) {
    const text = await Bun.file(path)
      .text()
      .catch(() => "");
    const lines = text.split("\n").filter(Boolean);
    if (lines.length >= count) return lines;
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

/** Starts the worker in a folder with its token; resolves once it is connected. */
async function startWorker(bin: string, folder: string): Promise<ChildProcess> {
  const args = ["--app", "worker.py", "--connect", `127.0.0.1:${server.workerPort}`];
  const child = spawn(join(bin, "sluice-worker"), args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => text.includes("is connected") && resolve());
    child.once("exit", (code) => reject(new Error(`the worker ended with ${code}: ${stderr}`)));
  });
  return child;
}

async function workerFolder(name: string): Promise<string> {
  const made = await api<{ token: string }>("/api/v1/tokens", { name, role: "worker" });
  const folder = join(work, name);
  const code = worker.replace('Worker("py"', `Worker(${JSON.stringify(name)}`);
  writeProject(folder, { "worker.py": code, "worker.token": made.token });
  return folder;
}

if ("missing" in setup) test.skip(`tasks in Python: ${setup.missing}`, () => undefined);
else {
  const { bin, wheel } = setup;
  beforeAll(async () => {
    const project = join(work, "project");
    writeProject(project, { "workflows/all.ts": workflows });
    server = await startServer({ project, data: join(work, "data"), args: ["--worker-port", "0"] });
    await startWorker(bin, await workerFolder("first"));
  }, 120_000);
  afterAll(async () => {
    for (const child of started) child.kill("SIGKILL");
    await killAll(server);
    rmSync(work, { recursive: true, force: true });
    rmSync(dirname(wheel), { recursive: true, force: true });
  });

  describe("tasks in Python, called by runs of the server", () => {
    test("get their input and give their result, sync, async and in a process, and say how far they are", async () => {
      const resized = await called("resize", { id: 7, when: null });
      expect(resized).toMatchObject({ status: "completed", output: { id: 7, when: null, attempt: 1 } });
      expect((await called("blocks", [1, 2.5, "é", true])).output).toEqual([1, 2.5, "é", true, "from a thread"]);
      const large = await called("process", 3_000_000);
      expect(large).toMatchObject({ status: "completed", output: { worker: started[0]?.pid } });
    }, 60_000);

    test("are tried again where they say so, and fail with their own code where they say that", async () => {
      expect(await called("again", null)).toMatchObject({ status: "completed", output: 3 });
      expect(await called("never", null)).toMatchObject({
        status: "failed",
        error: { message: expect.stringContaining("no such picture"), details: { code: "no_picture" } },
      });
    }, 60_000);

    test("are told when nobody waits any more", async () => {
      const log = join(work, "waits.log");
      const run = await begin("calls", { task: "waits", given: log });
      expect(await linesOf(log, 1)).toEqual(["begun"]);
      await api(`/api/v1/runs/${run}/cancel`, {});
      expect(await linesOf(log, 2)).toEqual(["begun", "told"]);
      expect((await ended(run)).status).toBe("cancelled");
    }, 60_000);

    test("whose worker is killed are done by another, once", async () => {
      const gate = join(work, "gate");
      const run = await begin("calls", { task: "held", given: gate });
      const [first] = await linesOf(`${gate}.begun`, 1);
      await startWorker(bin, await workerFolder("second"));
      process.kill(Number(first), "SIGKILL");
      const [, second] = await linesOf(`${gate}.begun`, 2);
      writeFileSync(gate, "");
      expect(await ended(run)).toMatchObject({ status: "completed", output: `done by ${second}` });
      expect(second).not.toBe(first);
    }, 60_000);
  });
}
