// Finds the Bun binary and hands the process over to it. Plain Node, because it runs before Bun is known to exist.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";

/** Below this size the file is the note that the npm package leaves where its install script did not run. */
const BINARY_BYTES_MIN = 1_000_000;
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
/** What a terminal sends to every process in front of it: passing these on would deliver them twice. */
const TERMINAL_SIGNALS = new Set(["SIGINT", "SIGHUP"]);

/** Path of the Bun binary that `from` (a file URL) resolves to, or `undefined` if none is installed. */
export function findBun(from) {
  const suffix = process.platform === "win32" ? ".exe" : "";
  let home;
  try {
    home = dirname(createRequire(from).resolve("bun/package.json"));
  } catch {
    return undefined;
  }
  // Where install scripts are not allowed the binary stays in the platform's own package, beside `bun`.
  const scope = join(home, "..", "@oven");
  const platforms = existsSync(scope) ? readdirSync(scope).toSorted() : [];
  const candidates = [
    join(home, "bin", "bun.exe"),
    ...platforms.map((name) => join(scope, name, "bin", `bun${suffix}`)),
  ];
  return candidates.find((path) => existsSync(path) && statSync(path).size > BINARY_BYTES_MIN);
}

/**
 * Runs Bun with `args` in place of this process where Node can (22.15 and later), else as a child whose signals
 * and exit code are passed on. Does not return.
 */
export function becomeBun(bun, args, env = process.env) {
  if (typeof process.execve === "function") {
    try {
      process.execve(bun, [bun, ...args], env);
    } catch {
      // Not on this platform: a child does the same with one more process.
    }
  }
  const child = spawn(bun, args, { stdio: "inherit", env });
  for (const signal of FORWARDED_SIGNALS) {
    process.on(signal, () => {
      if (!(process.stdin.isTTY && TERMINAL_SIGNALS.has(signal))) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`sluice: cannot start ${bun}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 1));
  });
}
