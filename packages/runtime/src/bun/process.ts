// Child processes and terminals on Bun.

import process from "node:process";
import { createWorker, onExit } from "../node/process.ts";
import { checkedProgram } from "../node/program.ts";
import { sendSignal } from "../node/signal.ts";
import { childOf } from "../process.ts";
import type { ProcessProvider, RawChild } from "../process.ts";
import { endOf, spawnPty } from "./pty.ts";

function writable(sink: Bun.FileSink): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    async write(bytes) {
      await sink.write(bytes);
      // What the pipe does not take is waited for, so that a slow child slows its writer.
      await sink.flush();
    },
    async close() {
      await sink.end();
    },
    async abort() {
      await sink.end();
    },
  });
}

const spawn: ProcessProvider["spawn"] = (command, args = [], options = {}) => {
  const { cwd, env = process.env, detached = false, stdin = "ignore", stdout = "pipe", stderr = "pipe" } = options;
  const program = checkedProgram({ command, args, cwd, path: env["PATH"] });
  const where = cwd === undefined ? {} : { cwd };
  // Lazy: output stays in the pipe, and holds the child up, until somebody reads it.
  const pipes = { stdin, stdout, stderr, lazy: true };
  const child = Bun.spawn([program, ...args], { ...where, ...pipes, argv0: command, env: { ...env }, detached });
  const raw: RawChild = {
    pid: child.pid,
    stdin: child.stdin instanceof Object ? writable(child.stdin) : undefined,
    stdout: child.stdout instanceof ReadableStream ? child.stdout : undefined,
    stderr: child.stderr instanceof ReadableStream ? child.stderr : undefined,
    ended: endOf(child),
    send: sendSignal,
  };
  return childOf(raw, options);
};

/** Processes on Bun. */
export const bunProcess: ProcessProvider = {
  pid: process.pid,
  get ppid() {
    return process.ppid;
  },
  argv: process.argv,
  env: process.env,
  spawn,
  spawnPty,
  createWorker,
  onExit,
};
