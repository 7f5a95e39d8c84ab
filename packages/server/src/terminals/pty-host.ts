// Programs on terminals of this machine, as the user that the server runs as. What they are given of its environment has nothing in
// it that opens doors.
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { fail, ok } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { Pty, PtyEvents, PtyHost, PtySpec } from "@sluice/core/terminals";
import { RuntimeFailure } from "@sluice/runtime";
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

export class LocalPtys implements PtyHost {
  readonly #spawn: SpawnPty;
  readonly #env: Readonly<Record<string, string>>;

  constructor(p: { readonly spawnPty: SpawnPty; readonly env: Readonly<Record<string, string | undefined>> }) {
    this.#spawn = p.spawnPty;
    this.#env = environmentFrom(p.env);
  }

  spawn(spec: PtySpec, events: PtyEvents): Result<Pty> {
    const { cols, rows, command } = spec;
    const cwd = spec.cwd ?? this.#env["HOME"] ?? homedir();
    if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
      return fail({
        code: "bad_request",
        message: `There is no folder ${JSON.stringify(cwd)}.`,
        hint: "Send cwd with one that there is.",
      });
    }
    const [program = "", ...args] = command;
    try {
      const child = this.#spawn(program, args, {
        cwd,
        env: { ...this.#env, ...spec.env, TERM: "xterm-256color", COLORTERM: "truecolor" },
        columns: cols,
        rows,
        // Copied: what came stays valid until the next piece only.
        onData: (bytes) => events.output(new Uint8Array(bytes)),
        onEnd: () => events.closed(),
        onDrain: () => events.drained(),
      });
      void child.exited.then(({ exitCode, signal }) => events.exited({ exitCode, signal }));
      return ok(ptyOf(child));
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return fail({
        code: "bad_request",
        message: `${JSON.stringify(program)} cannot be begun: ${error.message}.`,
        hint: "Send a program of the server's machine.",
      });
    }
  }
}

function ptyOf(child: PtyChild): Pty {
  return {
    pid: child.pid,
    write: (bytes) => child.write(bytes),
    resize: ({ cols, rows }) => child.resize(cols, rows),
    pause: () => child.pause(),
    resume: () => child.resume(),
    hangUp: () => void child.killSession("SIGHUP"),
    killSession: () => child.killSession("SIGKILL"),
    close: () => child.close(),
  };
}

function environmentFrom(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const kept = Object.entries(env).filter(([name]) => passed.has(name) || name.startsWith(passedPrefix));
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
