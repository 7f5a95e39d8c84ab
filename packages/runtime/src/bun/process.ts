// Child processes and terminals on Bun.

import process from "node:process";
import { RuntimeFailure } from "../failure.ts";
import { createWorker, onExit, sendSignal } from "../node/process.ts";
import { checkedProgram } from "../node/program.ts";
import { childOf } from "../process.ts";
import type { ProcessProvider, PtyChild, RawChild } from "../process.ts";
import { TerminalSession } from "./terminal-session.ts";

const nothing = (): void => undefined;
const columnsDefault = 80;
const rowsDefault = 24;

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

async function endOf(child: Bun.Subprocess): Promise<Awaited<RawChild["ended"]>> {
  await child.exited;
  const { exitCode, signalCode } = child;
  return { exitCode: exitCode ?? undefined, signal: signalCode === null ? undefined : String(signalCode) };
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

const spawnPty: NonNullable<ProcessProvider["spawnPty"]> = (command, args, options) => {
  const { cwd, env = process.env, columns = columnsDefault, rows = rowsDefault } = options;
  const { onData, onEnd = nothing, onDrain = nothing } = options;
  const program = checkedProgram({ command, args, cwd, path: env["PATH"] });
  const child = Bun.spawn([program, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    argv0: command,
    env: { ...env },
    terminal: {
      cols: columns,
      rows,
      data: (_terminal, bytes) => onData(bytes),
      exit: () => onEnd(),
      drain: () => onDrain(),
    },
  });
  const { terminal } = child;
  if (terminal === undefined) throw new RuntimeFailure("unsupported", "this system has no terminals");
  const both = childOf(
    { pid: child.pid, stdin: undefined, stdout: undefined, stderr: undefined, ended: endOf(child), send: sendSignal },
    {},
  );
  const session = new TerminalSession(child.pid);
  const pty: PtyChild = {
    pid: child.pid,
    exited: both.exited,
    write: (data) => void terminal.write(data),
    resize: (toColumns, toRows) => terminal.resize(toColumns, toRows),
    pause: () => session.hold(true),
    resume: () => void session.hold(false),
    kill: (signal) => both.kill(signal),
    killSession: (signal = "SIGHUP") => session.signal(signal),
    close: () => terminal.close(),
  };
  return pty;
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
