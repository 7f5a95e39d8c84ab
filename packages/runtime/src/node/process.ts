// Child processes by `node:child_process`; threads by `node:worker_threads`, which all three runtimes have.

import { spawn } from "node:child_process";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { failureOf, RuntimeFailure } from "../failure.ts";
import { childOf } from "../process.ts";
import type { ProcessProvider, RawChild, SpawnOptions, WorkerThread } from "../process.ts";
import { pulled, writableOver } from "../streams.ts";
import { checkedProgram } from "./program.ts";
import { sendSignal } from "./signal.ts";

/** A thread that finds `parentPort` in `node:worker_threads`. */
export function createWorker(url: string | URL, options: { readonly data?: unknown } = {}): WorkerThread {
  const target = typeof url === "string" && /^(?:file|data|blob):/.test(url) ? new URL(url) : url;
  const worker = new Worker(target, { workerData: options.data });
  return {
    postMessage: (message) => worker.postMessage(message),
    onMessage: (listener) => void worker.on("message", listener),
    onError: (listener) =>
      void worker.on("error", (error: unknown) => listener(error instanceof Error ? error : new Error(String(error)))),
    terminate: async () => void (await worker.terminate()),
  };
}

/** Calls back when this process ends by itself. */
export function onExit(listener: () => void): () => void {
  process.once("exit", listener);
  return () => void process.off("exit", listener);
}

const stdio = (options: SpawnOptions): ("ignore" | "inherit" | "pipe")[] => [
  options.stdin ?? "ignore",
  options.stdout ?? "pipe",
  options.stderr ?? "pipe",
];

const spawnOnNode: ProcessProvider["spawn"] = (command, args = [], options = {}) => {
  const { cwd, env = process.env, detached = false } = options;
  const program = checkedProgram({ command, args, cwd, path: env["PATH"] });
  const child = spawn(program, [...args], {
    argv0: command,
    env: { ...env },
    detached,
    shell: false,
    stdio: stdio(options),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const ended: RawChild["ended"] = new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
    child.once("error", (error) => reject(failureOf(error, `starting ${command}`)));
  });
  const { pid } = child;
  if (pid === undefined) {
    ended.catch(() => undefined); // Told below.
    throw new RuntimeFailure("io_failed", `starting ${command}: the system refused`);
  }
  return childOf(
    {
      pid,
      stdin: child.stdin === null ? undefined : writableOver(child.stdin),
      stdout: child.stdout === null ? undefined : pulled(child.stdout as AsyncIterable<Uint8Array>),
      stderr: child.stderr === null ? undefined : pulled(child.stderr as AsyncIterable<Uint8Array>),
      ended,
      send: sendSignal,
    },
    options,
  );
};

/** Processes on Node. There are no terminals. */
export const nodeProcess: ProcessProvider = {
  pid: process.pid,
  get ppid() {
    return process.ppid;
  },
  argv: process.argv,
  env: process.env,
  spawn: spawnOnNode,
  createWorker,
  onExit,
};
