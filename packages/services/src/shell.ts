// Programs of the worker's machine: an argument list, never a line for a shell to read.
import { spawn } from "node:child_process";
import { action, defineService, NonRetryableError } from "@sluice/sdk";
import type { StepContext } from "@sluice/sdk";
import { z } from "zod";

const outputBytesMax = 1024 * 1024;
/** From the request to end to the end by force. */
const killGraceMs = 2_000;

const call = z.object({
  argv: z.array(z.string()).min(1),
  cwd: z.string().optional(),
  /** Added to the environment. */
  env: z.record(z.string(), z.string()).default({}),
  stdin: z.string().optional(),
  /** Exit codes that are no failure. */
  accept: z.array(z.int()).default([0]),
});

/** One program. */
export type ShellCall = z.input<typeof call>;

/** How it ended. Output beyond the limit is cut off, which `truncated` says. */
export interface ShellResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/**
 * Runs programs, each in a process group of its own: when the attempt's time is up or the run ends, everything it started is
 * ended with it. Another exit code than those accepted fails the step.
 */
export const shell = defineService({
  id: "shell",
  name: "Shell",
  version: "1.0.0",
  config: z
    .object({
      cwd: z.string().optional(),
      env: z.record(z.string(), z.string()).default({}),
      /** False: programs see nothing of the worker's environment but `PATH`. */
      inheritEnv: z.boolean().default(false),
      outputBytesMax: z.int().positive().default(outputBytesMax),
    })
    .prefault({}),
  timeout: "10m",
  setup: ({ config }) => ({
    run: action({
      input: call,
      run: ({ argv, cwd = config.cwd, env, stdin, accept }, step) =>
        execute(
          {
            argv,
            cwd,
            stdin,
            accept,
            env: { ...environment(config.inheritEnv), ...config.env, ...env },
            bytesMax: config.outputBytesMax,
          },
          step,
        ),
    }),
  }),
});

function environment(inherit: boolean): Record<string, string | undefined> {
  return inherit ? process.env : { PATH: process.env["PATH"] };
}

interface Program {
  readonly argv: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: string | undefined;
  readonly accept: readonly number[];
  readonly bytesMax: number;
}

function execute({ argv, cwd, env, stdin, accept, bytesMax }: Program, { signal }: StepContext): Promise<ShellResult> {
  const [file = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    const stdout = new Output(bytesMax);
    const stderr = new Output(bytesMax);
    child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
    // One that reads nothing of it closes the pipe.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin ?? "");
    let force: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      endGroup(child.pid, "SIGTERM");
      force = setTimeout(() => endGroup(child.pid, "SIGKILL"), killGraceMs);
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    child.once("error", (error) => {
      signal.removeEventListener("abort", end);
      reject(new NonRetryableError(`${file} cannot be started: ${error.message}`, { cause: error }));
    });
    child.once("close", (code, ended) => {
      signal.removeEventListener("abort", end);
      clearTimeout(force);
      // What it left behind in its group ends with it when it was made to end.
      if (signal.aborted) endGroup(child.pid, "SIGKILL");
      const exitCode = code ?? -1;
      if (accept.includes(exitCode) && !signal.aborted) {
        const truncated = stdout.truncated || stderr.truncated;
        resolve({ exitCode, stdout: stdout.text(), stderr: stderr.text(), truncated });
        return;
      }
      const how = signal.aborted
        ? "was ended before its time"
        : code === null
          ? `was ended by ${ended}`
          : `ended with exit code ${code}`;
      const details = { exitCode, signal: ended, stdout: stdout.text(), stderr: stderr.text() };
      reject(Object.assign(new Error(`${file} ${how}`), { details }));
    });
  });
}

/** The group has the number of its first process. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ESRCH") throw error;
  }
}

class Output {
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  truncated = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    const room = this.#bytesMax - this.#bytes;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    const kept = chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#bytes += kept.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
