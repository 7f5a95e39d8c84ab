// Commands as `sluice/precision` runs them: a text is taken apart into words and quotes, and the program is run without a shell.
import { loadRuntime, RuntimeFailure } from "@sluice/runtime";
import type { CommandOptions, ShellProvider } from "@sluice/runtime";

/** What a command came to. Both streams as UTF-8; the time from the call to the end. */
export interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 127 where there is no such program, 128 and more where a signal ended it. */
  readonly exitCode: number;
  readonly durationMs: number;
}

/** Folder, environment, input, time and size limits of every command. */
export type BunShellOptions = CommandOptions;

/** Exit code of a program that there is not (POSIX, Shell Command Language, 2.8.2). */
const notFound = 127;

/** Runs commands with the same options. */
export class BunShellExecutor {
  readonly #options: BunShellOptions;
  #shell: Promise<ShellProvider> | undefined;

  constructor(options: BunShellOptions = {}) {
    this.#options = options;
  }

  /**
   * Runs one command: words and quotes, or its arguments as a list. Whatever a shell would act on, such as a pipe or a variable, is refused
   * with `bad_command`; more time than it is given with `timed_out`, more output with `too_large`. An exit code is an answer.
   */
  async execute(command: string | readonly string[]): Promise<ShellResult> {
    this.#shell ??= loadRuntime().then(({ shell }) => shell);
    const shell = await this.#shell;
    const began = performance.now();
    try {
      const { exitCode, stdout, stderr } = await shell.exec(command, this.#options);
      const decoder = new TextDecoder();
      const durationMs = performance.now() - began;
      return { stdout: decoder.decode(stdout), stderr: decoder.decode(stderr), exitCode, durationMs };
    } catch (error) {
      if (!(error instanceof RuntimeFailure) || error.code !== "not_found") throw error;
      return { stdout: "", stderr: `${error.message}\n`, exitCode: notFound, durationMs: performance.now() - began };
    }
  }
}

/** Runs one command where this program runs. */
export async function executeBunShell(
  command: string | readonly string[],
  options: BunShellOptions = {},
): Promise<ShellResult> {
  return new BunShellExecutor(options).execute(command);
}
