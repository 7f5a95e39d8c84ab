// Programs on terminals of this machine, as the user that the server runs as. What they are given of its environment has nothing in
// it that opens doors.
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { HeldPty, Pty, PtyEvents, PtyHost, PtySpec } from "@sluice/core/terminals";
import { RuntimeFailure } from "@sluice/runtime";
import { programAs, userNamed } from "./run-as.ts";
import type { ProcessProvider, PtyChild } from "@sluice/runtime";

/** Of the server's own environment, what programs on terminals get; nothing else, or its tokens would be theirs. */
const passed = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TMPDIR",
  "EDITOR",
  "PAGER",
  "DISPLAY",
  "XDG_RUNTIME_DIR",
]);
const passedPrefix = "LC_";

type SpawnPty = NonNullable<ProcessProvider["spawnPty"]>;

/** What is begun for a specification. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Fails with `bad_request` where there is no such folder or user. `env`: of the server. */
export async function programOf(
  spec: PtySpec,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Result<Program>> {
  const own = environmentFrom(env);
  const user = spec.runAs === undefined ? undefined : await userNamed(spec.runAs);
  if (user !== undefined && !user.ok) return user;
  const cwd = spec.cwd ?? user?.value.home ?? own["HOME"] ?? homedir();
  if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
    return fail({
      code: "bad_request",
      message: `There is no folder ${JSON.stringify(cwd)}.`,
      hint: "Send cwd with one that there is.",
    });
  }
  const [program = "", ...args] = spec.command;
  const all = { ...own, ...spec.env, TERM: "xterm-256color", COLORTERM: "truecolor" };
  const wanted = { program, args, cwd, env: all };
  return ok(user === undefined ? wanted : programAs(wanted, user.value, { isRoot: process.getuid?.() === 0 }));
}

/** The program cannot be begun. */
export function noProgram(program: string, message: string): Result<never> {
  return fail({
    code: "bad_request",
    message: `${JSON.stringify(program)} cannot be begun: ${message}.`,
    hint: "Send a program of the server's machine.",
  });
}

/** Programs that are children of the server, and end with it. */
export class LocalPtys implements PtyHost {
  readonly #spawn: SpawnPty;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(p: { readonly spawnPty: SpawnPty; readonly env: Readonly<Record<string, string | undefined>> }) {
    this.#spawn = p.spawnPty;
    this.#env = p.env;
  }

  async spawn(spec: PtySpec, events: PtyEvents): Promise<Result<true>> {
    const wanted = await programOf(spec, this.#env);
    if (!wanted.ok) return wanted;
    const { program, args, cwd, env } = wanted.value;
    try {
      const child = this.#spawn(program, args, {
        cwd,
        env,
        columns: spec.cols,
        rows: spec.rows,
        // Copied: what came stays valid until the next piece only.
        onData: (bytes) => events.output(new Uint8Array(bytes)),
        onEnd: () => events.closed(),
        onDrain: () => events.drained(),
      });
      events.begun(ptyOf(child));
      void child.exited.then(({ exitCode, signal }) => events.exited({ exitCode, signal }));
      return ok(true);
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return noProgram(program, error.message);
    }
  }

  /** There are none: they ended with the server that began them. */
  async held(): Promise<readonly HeldPty[]> {
    return [];
  }

  leave(): boolean {
    return false;
  }
}

const nothing = (): void => undefined;

function ptyOf(child: PtyChild): Pty {
  return {
    pid: child.pid,
    write: (bytes) => child.write(bytes),
    answer: (bytes) => child.write(bytes),
    resize: ({ cols, rows }) => child.resize(cols, rows),
    pause: () => child.pause(),
    resume: () => child.resume(),
    hangUp: () => void child.killSession("SIGHUP"),
    killSession: () => void child.killSession("SIGKILL"),
    close: () => child.close(),
    // Nobody takes it over.
    keep: nothing,
    describe: nothing,
    forget: nothing,
  };
}

function environmentFrom(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const kept = Object.entries(env).filter(([name]) => passed.has(name) || name.startsWith(passedPrefix));
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
