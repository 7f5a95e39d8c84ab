// tmux, zellij and screen of this machine's user: which there are, and what runs in them. Names are arguments of their own: no shell reads them.
import { spawn } from "node:child_process";

const multiplexerTypes = ["tmux", "zellij", "screen"] as const;
export type MultiplexerType = (typeof multiplexerTypes)[number];

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
}

const timeMsMax = 10_000;
const outputCharsMax = 1024 * 1024;
const programMissing = 127;

export function isMultiplexer(text: unknown): text is MultiplexerType {
  return multiplexerTypes.some((type) => type === text);
}

/** A name that none of them takes for an option, for a target, or for something to expand. */
export function isMultiplexerName(name: string): boolean {
  return /^[\w][\w .@+-]{0,127}$/.test(name);
}

export function run(program: string, args: readonly string[]): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], timeout: timeMsMax });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    if (stdout.length < outputCharsMax) stdout += piece;
  });
  child.on("error", () => resolve({ exitCode: programMissing, stdout: "" }));
  child.on("close", (code) => resolve({ exitCode: code ?? 1, stdout }));
  return promise;
}

export async function isAvailable(type: MultiplexerType): Promise<boolean> {
  const { exitCode } = await run(type, [type === "tmux" ? "-V" : type === "zellij" ? "--version" : "-v"]);
  // screen answers 1 to that.
  return exitCode !== programMissing && (exitCode === 0 || type === "screen");
}

export interface TmuxSession {
  readonly name: string;
  readonly windows: number;
  readonly created: string;
  readonly attached: boolean;
  readonly activity: string;
  readonly current: boolean;
}

const tab = "\t";

/** Undefined where no tmux runs. */
export async function tmuxSessions(): Promise<readonly TmuxSession[] | undefined> {
  const fields = ["session_name", "session_windows", "session_created", "session_attached", "session_activity"];
  const { exitCode, stdout } = await run("tmux", ["list-sessions", "-F", formatOf(fields)]);
  if (exitCode !== 0) return undefined;
  return linesOf(stdout).map(([name = "", windows, created = "", attached, activity = ""]) => ({
    name,
    windows: Number(windows),
    created,
    attached: attached !== "0",
    activity,
    current: false,
  }));
}

export async function tmuxWindows(session: string): Promise<readonly object[] | undefined> {
  const fields = ["session_name", "window_index", "window_name", "window_active", "window_panes"];
  const { exitCode, stdout } = await run("tmux", ["list-windows", "-t", `=${session}`, "-F", formatOf(fields)]);
  if (exitCode !== 0) return undefined;
  return linesOf(stdout).map(([name, index, window, active, panes]) => ({
    session: name,
    index: Number(index),
    name: window,
    active: active === "1",
    panes: Number(panes),
  }));
}

export async function tmuxPanes(session: string, window: number | undefined): Promise<readonly object[] | undefined> {
  const fields = [
    "session_name",
    "window_index",
    "pane_index",
    "pane_active",
    "pane_title",
    "pane_pid",
    "pane_current_command",
    "pane_width",
    "pane_height",
    "pane_current_path",
  ];
  const target = window === undefined ? ["-s", "-t", `=${session}`] : ["-t", `=${session}:${window}`];
  const { exitCode, stdout } = await run("tmux", ["list-panes", ...target, "-F", formatOf(fields)]);
  if (exitCode !== 0) return undefined;
  return linesOf(stdout).map(([name, index, pane, active, title, pid, command, width, height, path]) => ({
    session: name,
    window: Number(index),
    index: Number(pane),
    active: active === "1",
    title,
    pid: Number(pid),
    command,
    width: Number(width),
    height: Number(height),
    currentPath: path,
  }));
}

export async function zellijSessions(): Promise<readonly object[]> {
  const { stdout } = await run("zellij", ["list-sessions", "--no-formatting"]);
  return linesOf(stdout).map(([line = ""]) => ({
    name: line.split(" ")[0],
    created: /\[Created (.*?) ago\]/.exec(line)?.[1] ?? "",
    exited: line.includes("EXITED"),
    type: "zellij",
  }));
}

export async function screenSessions(): Promise<readonly object[]> {
  const { stdout } = await run("screen", ["-ls"]);
  return [...stdout.matchAll(/^\t(\d+)\.(\S+)\t.*\((Attached|Detached)\)/gm)].map(([, pid, name, state]) => ({
    name: `${pid}.${name}`,
    attached: state === "Attached",
    exited: false,
    type: "screen",
  }));
}

/** What attaches to a session. */
export function attachCommand(
  type: MultiplexerType,
  session: string,
  { window, pane }: { readonly window?: number | undefined; readonly pane?: number | undefined },
): readonly string[] {
  if (type === "zellij") return ["zellij", "attach", session];
  if (type === "screen") return ["screen", "-x", session];
  const target = `=${session}${window === undefined ? "" : `:${window}${pane === undefined ? "" : `.${pane}`}`}`;
  return ["tmux", "attach-session", "-t", target];
}

export async function createSession(type: MultiplexerType, name: string, command: readonly string[]): Promise<boolean> {
  if (type === "tmux") return (await run("tmux", ["new-session", "-d", "-s", name, ...command])).exitCode === 0;
  if (type === "screen") return (await run("screen", ["-dmS", name, ...command])).exitCode === 0;
  return (await run("zellij", ["attach", "--create-background", name])).exitCode === 0;
}

export async function killSession(type: MultiplexerType, name: string): Promise<boolean> {
  if (type === "tmux") return (await run("tmux", ["kill-session", "-t", `=${name}`])).exitCode === 0;
  if (type === "screen") return (await run("screen", ["-S", name, "-X", "quit"])).exitCode === 0;
  return (await run("zellij", ["delete-session", "--force", name])).exitCode === 0;
}

function formatOf(fields: readonly string[]): string {
  return fields.map((field) => `#{${field}}`).join(tab);
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(tab));
}
