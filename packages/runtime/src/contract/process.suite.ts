// Processes: arguments as they are, streams that push back, time limits, groups, threads.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { collect } from "../streams.ts";
import type { ProcessProvider, SpawnOptions } from "../process.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, patterned, settled, textOf, until } from "./case.suite.ts";

/** Given to the suite instead of a filter: end by yourself, and say so in this folder. */
export const onExitFlag = "--on-exit";
const bytesMax = 64 * 1024 * 1024;

async function output(processes: ProcessProvider, words: readonly string[], options?: SpawnOptions): Promise<string> {
  const [command = "", ...args] = words;
  const child = processes.spawn(command, args, options);
  const text = textOf(await collect(child.stdout, bytesMax));
  await child.exited;
  return text;
}

/** Whether a process is there and not only waiting to be buried. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

export function processCases(test: Test): void {
  test("process: arguments arrive as they are, without a shell", async ({ runtime, folder }) => {
    const args = ["$HOME", "a b", "", "*", "`id`", "'q'", '"', "\\", "\n", ";", "naïve ✓"];
    equal(await output(runtime.process, ["printf", "%s\\0", ...args], { cwd: folder }), `${args.join("\0")}\0`);
    equal(await codeOf(() => runtime.process.spawn("printf", ["a\0b"])), "bad_argument");
  });

  test("process: a program that is not there is refused before anything starts", async ({ runtime, folder }) => {
    equal(await codeOf(() => runtime.process.spawn("no-such-program-anywhere")), "not_found");
    equal(await codeOf(() => runtime.process.spawn(`${folder}/none`)), "not_found");
    equal(await codeOf(() => runtime.process.spawn("true", [], { cwd: `${folder}/none` })), "not_found");
    writeFileSync(`${folder}/text`, "not a program");
    equal(await codeOf(() => runtime.process.spawn(`${folder}/text`)), "not_found");
  });

  test("process: folder and environment are those given, and nothing else", async ({ runtime, folder }) => {
    equal(
      await output(runtime.process, ["pwd"], { cwd: folder, env: { PATH: process.env["PATH"] ?? "" } }),
      `${folder}\n`,
    );
    const env = { PATH: process.env["PATH"] ?? "", ONLY: "this one" };
    equal(await output(runtime.process, ["sh", "-c", 'echo "$ONLY|$HOME"'], { env }), "this one|\n");
  });

  test("process: exit codes and signals are told apart", async ({ runtime: { process: processes } }) => {
    const end = (script: string) => processes.spawn("sh", ["-c", script]).exited;
    deepEqual(await end("exit 7"), { exitCode: 7, signal: undefined, timedOut: false });
    deepEqual(await end("kill -TERM $$"), { exitCode: undefined, signal: "SIGTERM", timedOut: false });
    const child = processes.spawn("sleep", ["60"]);
    equal(child.kill("SIGINT"), true);
    deepEqual(await child.exited, { exitCode: undefined, signal: "SIGINT", timedOut: false });
    equal(child.kill(), false);
  });

  test("process: the three streams go where they should", async ({ runtime: { process: processes } }) => {
    const child = processes.spawn("sh", ["-c", "cat; echo out; echo err >&2"], { stdin: "pipe" });
    const writer = child.stdin?.getWriter();
    await writer?.write(new TextEncoder().encode("in\n"));
    await writer?.close();
    const [out, err] = await Promise.all([collect(child.stdout, bytesMax), collect(child.stderr, bytesMax)]);
    deepEqual([textOf(out), textOf(err)], ["in\nout\n", "err\n"]);
    const silent = processes.spawn("true", [], { stdout: "ignore", stderr: "inherit" });
    deepEqual([silent.stdin, silent.stdout, silent.stderr], [undefined, undefined, undefined]);
    await silent.exited;
  });

  test("process: twenty megabytes pass through a child unchanged", async ({ runtime: { process: processes } }) => {
    const bytes = patterned(20 * 1024 * 1024);
    const child = processes.spawn("cat", [], { stdin: "pipe" });
    const feed = (async () => {
      const writer = child.stdin?.getWriter();
      for (let at = 0; at < bytes.length; at += 65_536) await writer?.write(bytes.subarray(at, at + 65_536));
      await writer?.close();
    })();
    const back = await collect(child.stdout, bytesMax);
    await feed;
    equal(Buffer.compare(back, bytes), 0);
  });

  test("process: a child that does not read slows its writer", async ({ runtime: { process: processes } }) => {
    const child = processes.spawn("sleep", ["60"], { stdin: "pipe" });
    const writer = child.stdin?.getWriter();
    let written = 0;
    const piece = new Uint8Array(65_536);
    const feed = (async () => {
      for (let round = 0; round < 200; round++) {
        await writer?.write(piece);
        written += piece.length;
      }
    })().catch(() => undefined); // The child is killed below.
    ok((await settled(() => written)) < 2 * 1024 * 1024);
    child.kill("SIGKILL");
    await child.exited;
    await feed;
  });

  test("process: a reader that does not read slows the child", async ({ runtime: { process: processes }, folder }) => {
    const script = "i=0; while [ $i -lt 300 ]; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > count; done";
    const child = processes.spawn("sh", ["-c", script], { cwd: folder });
    const count = () => (existsSync(`${folder}/count`) ? Number(readFileSync(`${folder}/count`, "utf8")) : 0);
    const stuckAt = await settled(count);
    ok(stuckAt < 100, `it wrote ${stuckAt} pieces that nobody read`);
    equal((await collect(child.stdout, bytesMax)).length, 300 * 65_536);
    equal((await child.exited).exitCode, 0);
  });

  test("process: a time limit ends the child and what it started", async ({
    runtime: { process: processes },
    folder,
  }) => {
    const script = "sleep 60 & echo $! > pid; wait";
    const child = processes.spawn("sh", ["-c", script], {
      cwd: folder,
      timeoutMs: 300,
      detached: true,
      stdout: "ignore",
    });
    deepEqual(await child.exited, { exitCode: undefined, signal: "SIGKILL", timedOut: true });
    const pid = Number(readFileSync(`${folder}/pid`, "utf8"));
    await until("the grandchild is gone", () => !isAlive(pid));
  });

  test("process: the group of a detached child can be killed after the child itself has ended", async ({
    runtime,
    folder,
  }) => {
    const child = runtime.process.spawn("sh", ["-c", "sleep 60 & echo $! > pid"], {
      cwd: folder,
      detached: true,
      stdout: "ignore",
    });
    await child.exited;
    const pid = Number(readFileSync(`${folder}/pid`, "utf8"));
    ok(isAlive(pid));
    equal(child.kill("SIGKILL"), false);
    equal(child.killGroup("SIGKILL"), true);
    await until("it is gone", () => !isAlive(pid));
    await until("nobody is left", () => !child.killGroup("SIGKILL"));
  });

  test("process: a terminal, where there are any, has a size and takes what is typed", async ({
    runtime: { process: processes },
  }) => {
    if (processes.spawnPty === undefined) return; // Said by the capabilities, which another case checks.
    let seen = "";
    const script = "test -t 0 && stty size; read line; stty size; echo got $line";
    const pty = processes.spawnPty("sh", ["-c", script], {
      columns: 90,
      rows: 30,
      onData: (bytes) => void (seen += textOf(bytes)),
    });
    await until("the first size", () => seen.includes("30 90"));
    pty.resize(100, 40);
    pty.write("hello\n");
    deepEqual(await pty.exited, { exitCode: 0, signal: undefined, timedOut: false });
    await until("the rest", () => seen.includes("40 100") && seen.includes("got hello"));
    pty.close();
  });

  test("process: threads exchange messages, tell of their errors, and end", async ({
    runtime: { process: processes },
    folder,
  }) => {
    const module = `import { parentPort, workerData } from "node:worker_threads";
      parentPort.on("message", (text) => {
        if (text === "fail") throw new Error("as asked");
        parentPort.postMessage([workerData.prefix + text]);
      });`;
    writeFileSync(`${folder}/thread.mjs`, module);
    const thread = processes.createWorker(pathToFileURL(`${folder}/thread.mjs`), { data: { prefix: "got " } });
    const [messages, errors] = [[] as unknown[], [] as string[]];
    thread.onMessage((message) => void messages.push(message));
    thread.onError((error) => void errors.push(error.message));
    thread.postMessage("a");
    thread.postMessage("b");
    await until("two answers", () => messages.length === 2);
    deepEqual(messages, [["got a"], ["got b"]]);
    thread.postMessage("fail");
    await until("the error", () => errors.length === 1);
    ok(errors[0]?.includes("as asked"));
    await thread.terminate();
  });

  test("process: it knows itself", ({ runtime: { process: processes } }) => {
    deepEqual([processes.pid, processes.ppid], [process.pid, process.ppid]);
    equal(processes.env["PATH"], process.env["PATH"]);
    ok(processes.argv.length >= 2);
  });

  test("process: who asked is told once when the program ends by itself, unless it was taken back", async ({
    runtime,
    folder,
  }) => {
    const [script = ""] = process.argv.slice(1);
    const before = runtime.name === "deno" ? ["run", "--allow-all"] : [];
    const child = runtime.process.spawn(process.execPath, [...before, script, onExitFlag, folder]);
    const said = collect(child.stderr, bytesMax);
    equal((await child.exited).exitCode, 0, textOf(await said));
    deepEqual(readdirSync(folder), ["told"]);
    equal(readFileSync(`${folder}/told`, "utf8"), "once");
  });
}
