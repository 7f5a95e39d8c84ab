// Programs on terminals, on Bun; apart from other processes, because one small process does nothing else.

import process from "node:process";
import { RuntimeFailure } from "../failure.ts";
import { checkedProgram } from "../node/program.ts";
import { sendSignal } from "../node/signal.ts";
import { childOf } from "../process.ts";
import type { ProcessProvider, PtyChild, RawChild } from "../process.ts";
import { TerminalSession } from "./terminal-session.ts";

const nothing = (): void => undefined;
const columnsDefault = 80;
const rowsDefault = 24;

/** How a child ended. */
export async function endOf(child: Bun.Subprocess): Promise<Awaited<RawChild["ended"]>> {
  await child.exited;
  const { exitCode, signalCode } = child;
  return { exitCode: exitCode ?? undefined, signal: signalCode === null ? undefined : String(signalCode) };
}

/** As `ProcessProvider` says. */
export const spawnPty: NonNullable<ProcessProvider["spawnPty"]> = (command, args, options) => {
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
