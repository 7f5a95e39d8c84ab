// What a target of Nx does: a command, a script of the package, or an executor that the installed Nx has to run.
// https://nx.dev/nx-api/nx/executors/run-commands
import type { ConfigValue } from "./config-file.ts";
import { readinessAt } from "./own-settings.ts";
import type { Package, TaskDefinition } from "./package.ts";

interface Target {
  readonly pkg: Package;
  readonly task: string;
  /** Of the places that describe it, the first that has this key. */
  readonly first: (key: string) => ConfigValue | undefined;
}

/** Text with its tokens; undefined where it names an option that is not said. */
export function interpolated(text: string, { pkg, first }: Pick<Target, "pkg" | "first">): string | undefined {
  let isMissing = false;
  const whole = text.replace(/\{([\w.]+)\}/g, (token, name: string) => {
    if (name === "projectRoot") return pkg.folder === "" ? "." : pkg.folder;
    if (name === "workspaceRoot") return ".";
    if (name === "projectName") return pkg.name;
    if (!name.startsWith("options.")) return token;
    const value = first("options")?.at(name.slice("options.".length)).value;
    if (typeof value === "string") return value;
    isMissing = true;
    return "";
  });
  return isMissing ? undefined : whole.replace(/^(?:\.\/)+/, "").replaceAll("/./", "/");
}

/** Several at once: all are waited for, and the first that failed says how it ended. */
function together(commands: readonly string[]): string {
  const starts = commands.map((command, at) => `(${command}) & p${at}=$!`).join("; ");
  const waits = commands.map((_, at) => `wait $p${at} || s=$?`).join("; ");
  return `${starts}; s=0; ${waits}; exit $s`;
}

function commandsIn(options: ConfigValue): readonly string[] {
  const list = options.at("commands");
  if (!list.isThere) {
    const command = options.at("command");
    const text = Array.isArray(command.value) ? (command.texts() ?? []).join(" ") : command.text();
    return text === undefined ? [] : [text];
  }
  if (!Array.isArray(list.value)) throw list.fault("is not a list.");
  return list.value.map((value, index) => {
    const at = list.at(index);
    const text = typeof value === "string" ? value : at.at("command").text();
    if (text === undefined) throw at.fault("has no command.");
    return text;
  });
}

function argumentsIn(options: ConfigValue): string {
  const args = options.at("args");
  return args.isThere ? ` ${(Array.isArray(args.value) ? (args.texts() ?? []) : [args.text() ?? ""]).join(" ")}` : "";
}

function environmentIn(options: ConfigValue): Record<string, string> {
  const env = options.at("env");
  return Object.fromEntries(env.keys().map((name) => [name, env.at(name).text() ?? ""]));
}

function runCommands(
  target: Target,
  commands: readonly string[],
  options: ConfigValue | undefined,
): Partial<TaskDefinition> {
  const filled = commands.map(
    (command) => `${interpolated(command, target) ?? command}${options === undefined ? "" : argumentsIn(options)}`,
  );
  const isParallel = options?.at("parallel").flag() ?? true;
  const [only] = filled;
  const text = filled.length === 1 && only !== undefined ? only : isParallel ? together(filled) : filled.join(" && ");
  const cwd = options?.at("cwd").text();
  const folder = cwd === undefined ? "" : (interpolated(cwd, target) ?? "").replace(/^\.?\/?$/, "").replace(/\/$/, "");
  if (folder.startsWith("/") || folder.split("/").includes(".."))
    throw (options as ConfigValue).at("cwd").fault("leads out of the workspace.");
  return { command: { text, folder, env: options === undefined ? {} : environmentIn(options) }, ...ready(options) };
}

/** As run-commands has it: one text, or several, that the output has to contain. */
function ready(options: ConfigValue | undefined): Partial<TaskDefinition> {
  const said = options?.at("readyWhen");
  if (said?.isThere !== true) return {};
  if (typeof said.value === "object" && !Array.isArray(said.value))
    return { persistent: true, cache: false, readyWhen: readinessAt(said) };
  const text = typeof said.value === "string" ? said.value : (said.texts()?.[0] ?? "");
  return { persistent: true, cache: false, readyWhen: { line: RegExp.escape(text) } };
}

/** What of a target says what is done. */
export function commandOfTarget(target: Target): Partial<TaskDefinition> {
  const { pkg, task, first } = target;
  const options = first("options");
  const shorthand = first("command")?.text();
  const executor = first("executor")?.text();
  if (shorthand !== undefined && executor === undefined) return runCommands(target, [shorthand], options);
  if (executor === "nx:run-commands") {
    const commands = options === undefined ? [] : commandsIn(options);
    if (commands.length === 0)
      throw (first("executor") as ConfigValue).fault("needs options.command or options.commands.");
    return runCommands(target, commands, options);
  }
  if (executor === undefined || executor === "nx:run-script") {
    const script = options?.at("script").text();
    if (script !== undefined && pkg.scripts[script] === undefined)
      throw (options as ConfigValue).at("script").fault(`is ${script}, and the package has no such script.`);
    return script === undefined ? {} : { script };
  }
  if (executor === "nx:noop") return { script: "" };
  // What tasks it waits for is our graph's: Nx does this one alone.
  const text = `nx run ${pkg.name}:${task} --skip-nx-cache --exclude-task-dependencies`;
  return { command: { text, folder: "", env: { NX_DAEMON: "false", NX_TUI: "false" } } };
}
