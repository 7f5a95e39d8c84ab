// Reads `turbo.json` (or `turbo.jsonc`) of a workspace and of its packages.
// The format: https://turborepo.com/docs/reference/configuration
import type { Files } from "../ports.ts";
import { ConfigFault, readJsonFile } from "./config-file.ts";
import type { ConfigValue } from "./config-file.ts";
import { inferredVariables } from "./frameworks.ts";
import { plainTask, rootName } from "./package.ts";
import type { GlobalRules, Package, TaskDefinition, TaskRules } from "./package.ts";

const rootKeys = [
  "$schema",
  "extends",
  "globalDependencies",
  "globalEnv",
  "globalPassThroughEnv",
  "tasks",
  "cacheDir",
  "cacheMaxAge",
  "cacheMaxSize",
  "daemon",
  "envMode",
  "ui",
  "concurrency",
  "dangerouslyDisablePackageManagerCheck",
  "remoteCache",
  "boundaries",
  "tags",
  "noUpdateNotifier",
  "futureFlags",
  "experimentalUI",
  "experimentalObservability",
  "global",
] as const;
const taskKeys = [
  "dependsOn",
  "env",
  "passThroughEnv",
  "outputs",
  "cache",
  "inputs",
  "outputLogs",
  "persistent",
  "interactive",
  "interruptible",
  "with",
  "extends",
  "description",
] as const;
const logModes = ["full", "hash-only", "new-only", "errors-only", "none"] as const;

/** What a place says of a task; what it does not say comes from the place it extends. */
type Partial = { -readonly [K in keyof TaskDefinition]?: TaskDefinition[K] | undefined };

/** A list may begin with this: what is inherited, then what is said here. */
const inherited = "$TURBO_EXTENDS$";
export const defaultInputs = "$TURBO_DEFAULT$";
/** Of a task that reads no file of its package. */
export const noInputs = "$NONE$";
export const fromRoot = "$TURBO_ROOT$/";

function listOf(value: ConfigValue): readonly string[] | undefined {
  const texts = value.texts();
  texts?.forEach((text, index) => {
    if (text === "") throw value.at(index).fault("is empty.");
  });
  return texts;
}

function envList(value: ConfigValue): readonly string[] | undefined {
  const texts = listOf(value);
  texts?.forEach((text, index) => {
    if (text !== inherited && (text.includes("=") || /^!?\$/.test(text)))
      throw value.at(index).fault(`is ${JSON.stringify(text)}; variables are given by name alone.`);
  });
  return texts;
}

function pathList(value: ConfigValue): readonly string[] | undefined {
  const texts = listOf(value);
  texts?.forEach((text, index) => {
    if (text.replace(/^!/, "").startsWith("/"))
      throw value.at(index).fault(`is ${JSON.stringify(text)}; paths begin at the package.`);
  });
  return texts;
}

function dependsOn(value: ConfigValue): readonly string[] | undefined {
  const texts = listOf(value);
  texts?.forEach((text, index) => {
    if (text !== inherited && text.startsWith("$"))
      throw value.at(index).fault(`is ${JSON.stringify(text)}: variables belong into "env".`);
    if (text === "^" || text.endsWith("#"))
      throw value.at(index).fault(`is ${JSON.stringify(text)}, which names no task.`);
  });
  return texts;
}

function taskOf(value: ConfigValue): Partial & { readonly alone: boolean } {
  value.knowing(taskKeys);
  const persistent = value.at("persistent").flag();
  const interactive = value.at("interactive").flag();
  const cache = value.at("cache").flag();
  if (interactive === true && cache !== false)
    throw value.at("interactive").fault('is true, which needs "cache": false.');
  return {
    dependsOn: dependsOn(value.at("dependsOn")),
    inputs: pathList(value.at("inputs")),
    outputs: pathList(value.at("outputs")),
    env: envList(value.at("env")),
    passThroughEnv: envList(value.at("passThroughEnv")),
    cache,
    persistent,
    interactive,
    interruptible: value.at("interruptible").flag(),
    outputLogs: value.at("outputLogs").word(logModes),
    with: listOf(value.at("with")),
    alone: value.at("extends").flag() === false,
  };
}

function joined(under: Partial, over: Partial): Partial {
  const both: Partial = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined || key === "alone") continue;
    const before = (under as Readonly<Record<string, unknown>>)[key] as readonly string[] | undefined;
    const list = Array.isArray(value) ? (value as readonly string[]) : undefined;
    const isAdding = list?.includes(inherited) === true;
    Object.assign(both, {
      [key]: isAdding ? [...(before ?? []), ...list.filter((each) => each !== inherited)] : value,
    });
  }
  return both;
}

function readTurbo(files: Files, folder: string, name: string): ConfigValue | undefined {
  const both = ["turbo.json", "turbo.jsonc"].map((file) => readJsonFile(files, `${folder}/${file}`, `${name}${file}`));
  if (both[0] !== undefined && both[1] !== undefined)
    throw new ConfigFault(`${name}turbo.jsonc`, { line: 1, message: `is there beside ${name}turbo.json: keep one.` });
  const read = both[0] ?? both[1];
  if (read?.at("pipeline").isThere === true) throw read.at("pipeline").fault('is called "tasks" since Turborepo 2.');
  return read?.knowing(rootKeys);
}

function globalsOf(root: ConfigValue): GlobalRules {
  return {
    files: pathList(root.at("globalDependencies")) ?? [],
    env: envList(root.at("globalEnv")) ?? [],
    passThroughEnv: envList(root.at("globalPassThroughEnv")) ?? [],
    envMode: root.at("envMode").word(["strict", "loose"]) ?? "strict",
  };
}

function tasksIn(file: ConfigValue, isRoot: boolean): ReadonlyMap<string, Partial & { readonly alone: boolean }> {
  const tasks = file.at("tasks");
  return new Map(
    tasks.keys().map((key) => {
      if (!isRoot && key.includes("#"))
        throw tasks.at(key).fault("names a package; a package's own file has its tasks only.");
      return [key, taskOf(tasks.at(key))];
    }),
  );
}

/** Undefined where the root has no `turbo.json`. Throws a fault. */
export function readTurboRules(
  files: Files,
  root: string,
  packages: ReadonlyMap<string, Package>,
): TaskRules | undefined {
  const file = readTurbo(files, root, "");
  if (file === undefined) return undefined;
  const tasks = tasksIn(file, true);
  const own = new Map<string, ReturnType<typeof tasksIn>>();
  const names = new Set([...tasks.keys()].map((key) => key.slice(key.indexOf("#") + 1)));
  for (const { name, folder } of packages.values()) {
    if (name === rootName) continue;
    const inner = readTurbo(files, `${root}/${folder}`, `${folder}/`);
    if (inner === undefined) continue;
    const bases = inner.at("extends").texts();
    if (bases?.[0] !== rootName) throw inner.at("extends").fault('has to be ["//"]: a package extends the root.');
    own.set(name, tasksIn(inner, false));
    for (const key of own.get(name)?.keys() ?? []) names.add(key);
  }
  return {
    source: "turbo.json",
    global: globalsOf(file),
    names,
    definitionOf(pkg, task) {
      const mine = own.get(pkg.name)?.get(task);
      const plain = pkg.name === rootName && packages.size > 1 ? undefined : tasks.get(task);
      const named = tasks.get(`${pkg.name}#${task}`);
      if (mine === undefined && plain === undefined && named === undefined) return undefined;
      // A key with the package's name stands instead of the plain one.
      const base = mine?.alone === true ? {} : (named ?? plain ?? {});
      const said = joined(base, mine ?? {});
      const given = Object.fromEntries(
        Object.entries(said).filter(([key, value]) => value !== undefined && key !== "alone"),
      );
      const whole: TaskDefinition = { ...plainTask, ...given };
      const env = [...new Set([...whole.env, ...inferredVariables(pkg)])].toSorted();
      const interruptible = whole.persistent ? { interruptible: whole.interruptible ?? false } : {};
      return { ...whole, ...interruptible, env, cache: whole.cache && !whole.persistent };
    },
  };
}
