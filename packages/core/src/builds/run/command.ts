// How a script becomes a process: as the package manager would start it, without starting the package manager.
// npm: https://docs.npmjs.com/cli/using-npm/scripts · pnpm: https://pnpm.io/cli/run · yarn: https://yarnpkg.com/advanced/lifecycle-scripts
import type { TaskNode } from "../graph/task-graph.ts";
import type { Package, PackageManager } from "../workspace/package.ts";

interface Script {
  /** `npm_lifecycle_event`. */
  readonly event: string;
  readonly text: string;
}

/** The scripts that running one means, in order. */
export function scriptsOf(
  { package: pkg, task: name, definition }: Pick<TaskNode, "package" | "task" | "definition">,
  manager: PackageManager,
): readonly Script[] {
  if (definition.command !== undefined) return [{ event: name, text: definition.command.text }];
  const task = definition.script ?? name;
  const main = pkg.scripts[task];
  if (main === undefined) return [];
  const isNpmLike = manager.name !== "berry" && !(manager.name === "pnpm" && majorOf(manager.version) < pnpmWithHooks);
  const hook = (event: string): readonly Script[] => {
    const text = isNpmLike ? pkg.scripts[event] : undefined;
    return text === undefined ? [] : [{ event, text }];
  };
  return [...hook(`pre${task}`), { event: task, text: main }, ...hook(`post${task}`)];
}

/** From this version on pnpm runs what stands before and after by itself. */
const pnpmWithHooks = 9;

/** From this version on npm calls its command by its short name. */
const npmThatSaysRun = 11;

function majorOf(version: string | undefined): number {
  return version === undefined ? pnpmWithHooks : Number(version.split(".")[0]);
}

/** An argument as a shell reads it back. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words that a shell does itself, or that mean something to it in front of others. */
const shellWords = new Set([
  ".",
  ":",
  "[",
  "alias",
  "bg",
  "break",
  "case",
  "cd",
  "command",
  "continue",
  "do",
  "done",
  "echo",
  "elif",
  "else",
  "esac",
  "eval",
  "exec",
  "exit",
  "export",
  "false",
  "fc",
  "fg",
  "fi",
  "for",
  "getopts",
  "hash",
  "if",
  "in",
  "jobs",
  "kill",
  "local",
  "printf",
  "pwd",
  "read",
  "readonly",
  "return",
  "set",
  "shift",
  "source",
  "test",
  "then",
  "time",
  "times",
  "trap",
  "true",
  "type",
  "ulimit",
  "umask",
  "unalias",
  "unset",
  "until",
  "wait",
  "while",
  "{",
  "}",
  "!",
]);

/** The program and its arguments; a shell reads the text unless it is plain words that mean the same without one. */
export function commandOf(text: string, args: readonly string[]): readonly string[] {
  const words = text.trim().split(/ +/);
  const first = words[0] ?? "";
  const isPlain =
    words.every((word) => /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word)) &&
    !first.includes("=") &&
    !shellWords.has(first) &&
    first !== "";
  if (isPlain) return [...words, ...args];
  return ["sh", "-c", [text, ...args.map(quoted)].join(" ")];
}

interface ScriptGround {
  /** Absolute. */
  readonly root: string;
  readonly manager: PackageManager;
  readonly pkg: Package;
  readonly script: Script;
  /** What the task may have of the surroundings. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the build was started. */
  readonly startedIn: string;
  /** The Node that is found on the path, where there is one. */
  readonly node: string | undefined;
}

/** Folders with programs: of the package, then of every folder above it up to the root. */
function binFolders(root: string, folder: string): readonly string[] {
  const parts = folder === "" ? [] : folder.split("/");
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    [root, ...parts.slice(0, parts.length - up), "node_modules/.bin"].join("/"),
  );
}

export function scriptEnvironment({
  root,
  manager,
  pkg,
  script,
  env,
  startedIn,
  node,
}: ScriptGround): Readonly<Record<string, string>> {
  const name = manager.name === "berry" ? "yarn" : manager.name;
  const version = manager.version ?? "0.0.0";
  return {
    ...env,
    PATH: [...binFolders(root, pkg.folder), env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"].join(":"),
    INIT_CWD: startedIn,
    npm_command: name === "npm" && majorOf(version) < npmThatSaysRun ? "run-script" : "run",
    npm_lifecycle_event: script.event,
    npm_lifecycle_script: script.text,
    npm_package_json: [root, pkg.manifest].join("/"),
    npm_package_name: pkg.ownName,
    ...(pkg.version === undefined ? {} : { npm_package_version: pkg.version }),
    npm_config_user_agent: `${name}/${version}`,
    ...(node === undefined ? {} : { NODE: node, npm_node_execpath: node }),
  };
}
