// Commands, as every runtime's provider offers them: programs with arguments, one feeding the other, and no shell in between.

import { RuntimeFailure } from "../failure.ts";
import type { Child, ProcessProvider, SpawnOptions } from "../process.ts";
import { collect } from "../streams.ts";
import { gitPullCommand, rsyncCommand } from "./tools.ts";
import type { GitPullOptions, RsyncOptions } from "./tools.ts";
import { type Insert, pipelineOf, wordsOf } from "./words.ts";

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Then everything that was started is killed, and the call fails with `timed_out`. Default: never. */
  readonly timeoutMs?: number;
  readonly input?: string | Uint8Array;
  /** Of each of the two streams; more fails with `too_large`. Default 16 MiB. */
  readonly outputBytesMax?: number;
}

export interface CommandResult {
  /** Of the last command of a pipeline that failed, else 0; 128 and more where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  /** Of all commands of a pipeline, one after the other. */
  readonly stderr: Uint8Array;
  /** What was written to stdout, as UTF-8. */
  text(): string;
}

/** What runs a pipeline: each command's output is the next one's input. */
export type RunPipeline = (commands: readonly (readonly string[])[], options: CommandOptions) => Promise<CommandResult>;

export interface ShellProvider {
  /** One command: its arguments, or a text of words and quotes. An exit code is an answer, not a failure. */
  exec(command: string | readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** `$` followed by a template: words, quotes, pipes. Each value is one argument, each list several, whatever they contain. */
  $(texts: TemplateStringsArray, ...values: readonly Insert[]): Promise<CommandResult>;
  pipe(commands: readonly (readonly string[])[], options?: CommandOptions): Promise<CommandResult>;
  /** The same, in another folder (from the one before, if relative). */
  cd(folder: string): ShellProvider;
  /** The same, with other defaults for every command. */
  with(options: CommandOptions): ShellProvider;
  /** Fast-forwards a clone, and asks nobody for a password. */
  gitPull(options: GitPullOptions): Promise<CommandResult>;
  rsync(options: RsyncOptions): Promise<CommandResult>;
}

const outputBytesMaxDefault = 16 * 1024 * 1024;
const signalExitBase = 128;
const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Everything a provider's shell is, over what runs a pipeline. */
export function shellOver(run: RunPipeline, defaults: CommandOptions = {}): ShellProvider {
  const pipe: ShellProvider["pipe"] = async (commands, options = {}) => {
    if (commands.length === 0 || commands.some((words) => words.length === 0))
      throw new RuntimeFailure("bad_command", "a command is empty");
    return run(commands, { ...defaults, ...options, env: { ...defaults.env, ...options.env } });
  };
  return {
    exec: async (command, options) => pipe([typeof command === "string" ? wordsOf(command) : command], options),
    $: async (texts, ...values) => pipe(pipelineOf(texts.raw, values)),
    pipe,
    cd: (folder) => shellOver(run, { ...defaults, cwd: joined(defaults.cwd, folder) }),
    with: (options) => shellOver(run, { ...defaults, ...options, env: { ...defaults.env, ...options.env } }),
    gitPull: async (options) => {
      const { words, env } = gitPullCommand(options);
      return pipe([words], { env, ...timeOf(options) });
    },
    rsync: async (options) => pipe([rsyncCommand(options)], timeOf(options)),
  };
}

function timeOf({ timeoutMs }: { readonly timeoutMs?: number }): CommandOptions {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

function joined(base: string | undefined, folder: string): string {
  return base === undefined || folder.startsWith("/") ? folder : `${base}/${folder}`;
}

/** Runs pipelines on a provider's processes. Each command leads a group, so that a limit ends what it started too. */
export function pipelinesOn(processes: Pick<ProcessProvider, "spawn" | "env">): RunPipeline {
  return async (commands, options) => {
    const { outputBytesMax = outputBytesMaxDefault } = options;
    const children: Child[] = [];
    const killAll = (): void => {
      for (const child of children) child.killGroup("SIGKILL");
    };
    try {
      for (const words of commands) children.push(start(processes, words, options));
      connect(children, options.input);
      const last = children.at(-1);
      const [stdout, ...stderrs] = await Promise.all([
        collect(last?.stdout, outputBytesMax),
        ...children.map((child) => collect(child.stderr, outputBytesMax)),
      ]);
      return await resultOf(children, stdout, stderrs);
    } catch (error) {
      killAll();
      throw error;
    }
  };
}

function start(
  processes: Pick<ProcessProvider, "spawn" | "env">,
  words: readonly string[],
  options: CommandOptions,
): Child {
  const { cwd, timeoutMs, env } = options;
  const [command = "", ...args] = words;
  const inherited = Object.entries(processes.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const spawnOptions: SpawnOptions = {
    stdin: "pipe",
    detached: true,
    env: { ...Object.fromEntries(inherited), ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return processes.spawn(command, args, spawnOptions);
}

/** Feeds the first, and each from the one before. A command that stops reading is no failure: `head` does. */
function connect(children: readonly Child[], input: string | Uint8Array = ""): void {
  const feed = async (stdin: WritableStream<Uint8Array> | undefined): Promise<void> => {
    const writer = stdin?.getWriter();
    if (input.length > 0) await writer?.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer?.close();
  };
  const stopped = (): void => undefined;
  for (const [index, child] of children.entries()) {
    const before = children[index - 1];
    if (before === undefined) void feed(child.stdin).catch(stopped);
    else if (before.stdout !== undefined) void passOn(before.stdout, child).catch(stopped);
  }
}

/**
 * Passes on until one side is through. A write to a command that has ended may never settle: its end is heard of by itself, and
 * then nobody reads the source any more, so that who writes into it is told by the system.
 */
async function passOn(from: ReadableStream<Uint8Array>, { stdin, exited }: Child): Promise<void> {
  const reader = from.getReader();
  const writer = stdin?.getWriter();
  const reading = { over: writer === undefined, wake: (): void => undefined };
  const ended = (): void => {
    reading.over = true;
    reading.wake();
  };
  exited.then(ended, ended);
  const unlessOver = <T>(work: Promise<T>): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      reading.wake = () => resolve(undefined);
      work.then(resolve, reject);
    });
  try {
    while (!reading.over) {
      const read = await unlessOver(reader.read());
      if (read === undefined || read.done) break;
      await unlessOver(writer?.write(read.value) ?? Promise.resolve());
    }
  } finally {
    const closing = reading.over ? undefined : writer?.close();
    await Promise.all([reader.cancel(), closing]);
  }
}

async function resultOf(
  children: readonly Child[],
  stdout: Uint8Array,
  stderrs: readonly Uint8Array[],
): Promise<CommandResult> {
  const ends = await Promise.all(children.map(async (child) => child.exited));
  if (ends.some(({ timedOut }) => timedOut))
    throw new RuntimeFailure("timed_out", "a command took longer than it was given");
  const codes = ends.map(({ exitCode, signal }) => exitCode ?? signalExitBase + (signalNumbers[signal ?? ""] ?? 0));
  const stderr = new Uint8Array(stderrs.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of stderrs) {
    stderr.set(each, at);
    at += each.length;
  }
  return commandResult(codes.findLast((code) => code !== 0) ?? 0, stdout, stderr);
}

export function commandResult(exitCode: number, stdout: Uint8Array, stderr: Uint8Array): CommandResult {
  return { exitCode, stdout, stderr, text: () => new TextDecoder().decode(stdout) };
}
