// The shipped command as a test drives it: run to its end, or started and stopped with signals.
import { spawn } from "node:child_process";
import { join } from "node:path";

/** The program itself. */
export const main = join(import.meta.dir, "../packages/cli/src/main.ts");

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Environment without what this machine's user may have set for a server of their own. */
export function cleanEnv(env?: CliOptions["env"]): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("SLUICE_"));
  // Terminals of a server that a test has ended end soon after it.
  return { ...Object.fromEntries(own), SLUICE_LIMITS_TERMINAL_ORPHANED_MS: "1000", ...env };
}

/** Runs a command to its end. */
export async function sluice(args: readonly string[], options: CliOptions = {}): Promise<Ran> {
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: cleanEnv(options.env),
    stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

/** A command that goes on until it is stopped. */
export interface Running {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What standard output held when `wanted` was first true of it. Rejects when the command ends before. */
  until(wanted: (stdout: string) => boolean): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
}

/** Starts a command in a process group of its own. */
export function startSluice(args: readonly string[], options: CliOptions = {}): Running {
  const child = spawn(process.execPath, [main, ...args], {
    env: cleanEnv(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const look of waiting) look();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    changed();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const until = (wanted: (text: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!wanted(stdout)) return;
        waiting.delete(look);
        resolve(stdout);
      };
      waiting.add(look);
      look();
      void exited.then((code) =>
        reject(new Error(`sluice ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`)),
      );
    });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    until,
    kill: (signal) => void child.kill(signal),
    exited,
  };
}

/** The ready line of `up --json`. */
export async function readyLine(
  running: Running,
): Promise<Record<string, unknown> & { readonly url: string; readonly elapsedMs: number }> {
  const text = await running.until((stdout) => stdout.includes("\n"));
  return JSON.parse(text.slice(0, text.indexOf("\n"))) as Record<string, unknown> & { url: string; elapsedMs: number };
}

/** Stops a command by its first signal; its exit code. */
export async function stop(running: Running): Promise<number | string> {
  running.kill("SIGTERM");
  return running.exited;
}

/** Lines of the server's log. */
export function logOf(running: Running): readonly Record<string, unknown>[] {
  return running
    .stderr()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Commands run in one folder, where a server and its token are found by themselves. */
export function commandsIn(cwd: string): {
  readonly run: (args: readonly string[], options?: CliOptions) => Promise<Ran>;
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into answers of every form
  readonly json: (...args: string[]) => Promise<any>;
  readonly text: (...args: string[]) => Promise<string>;
  readonly fails: (...args: string[]) => Promise<{ readonly code: number; readonly error: WireFailure }>;
} {
  const run = (args: readonly string[], options: CliOptions = {}): Promise<Ran> => sluice(args, { cwd, ...options });
  /** Standard output of a command that has to succeed in silence otherwise. */
  const succeeds = async (args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(args);
    if (exitCode === 0 && stderr === "") return stdout;
    throw new Error(`sluice ${args.join(" ")} ended with ${exitCode}:\n${stdout}\n${stderr}`);
  };
  return {
    run,
    json: async (...args) => JSON.parse(await succeeds([...args, "--json"])) as unknown,
    text: (...args) => succeeds(args),
    fails: async (...args) => {
      const { exitCode, stdout } = await run([...args, "--json"]);
      return { code: exitCode, error: (JSON.parse(stdout) as { error: WireFailure }).error };
    },
  };
}

interface WireFailure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}
