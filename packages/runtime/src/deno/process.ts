// Child processes on Deno. There are no terminals.

import process from "node:process";
import { failureOf } from "../failure.ts";
import { createWorker } from "../node/process.ts";
import { checkedProgram } from "../node/program.ts";
import { childOf } from "../process.ts";
import type { ProcessProvider, Signal, StdioKind } from "../process.ts";
import { denoApi } from "./deno-api.ts";

const deno = denoApi();
const stdio = { ignore: "null", inherit: "inherit", pipe: "piped" } as const satisfies Record<StdioKind, string>;

function definedOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

const spawn: ProcessProvider["spawn"] = (command, args = [], options = {}) => {
  const { cwd, env = process.env, detached = false, stdin = "ignore", stdout = "pipe", stderr = "pipe" } = options;
  const program = checkedProgram({ command, args, cwd, path: env["PATH"] });
  const started = new deno.Command(program, {
    args,
    clearEnv: true,
    env: definedOf(env),
    stdin: stdio[stdin],
    stdout: stdio[stdout],
    stderr: stdio[stderr],
    detached,
    ...(cwd === undefined ? {} : { cwd }),
  });
  try {
    const child = started.spawn();
    return childOf(
      {
        pid: child.pid,
        // Deno throws when a stream is asked for that was not piped.
        stdin: stdin === "pipe" ? child.stdin : undefined,
        stdout: stdout === "pipe" ? child.stdout : undefined,
        stderr: stderr === "pipe" ? child.stderr : undefined,
        ended: child.status.then(({ code, signal }) =>
          signal === null ? { exitCode: code, signal: undefined } : { exitCode: undefined, signal },
        ),
        send: (pid: number, signal: Signal) => deno.kill(pid, signal),
      },
      options,
    );
  } catch (error) {
    throw failureOf(error, `starting ${command}`);
  }
};

function onExit(listener: () => void): () => void {
  globalThis.addEventListener("unload", listener, { once: true });
  return () => globalThis.removeEventListener("unload", listener);
}

/** Processes on Deno. */
export const denoProcess: ProcessProvider = {
  pid: deno.pid,
  get ppid() {
    return deno.ppid;
  },
  argv: process.argv,
  env: process.env,
  spawn,
  createWorker,
  onExit,
};
