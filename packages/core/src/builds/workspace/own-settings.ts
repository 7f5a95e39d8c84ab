// What `builds` in sluice.config.ts says of tasks: it is put over what the other files of a workspace say.
import { nameTest } from "./globs.ts";
import type { ConfigValue } from "./config-file.ts";
import { plainTask, rootName } from "./package.ts";
import type { GlobalRules, Package, Readiness, TaskDefinition, TaskRules } from "./package.ts";

/** What the file exports, and the text that it was read from. */
export interface OwnSettings {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
}

const settingKeys = ["tasks", "globalDependencies", "globalEnv", "globalPassThroughEnv", "envMode"] as const;
const taskKeys = [
  "dependsOn",
  "inputs",
  "outputs",
  "env",
  "passThroughEnv",
  "cache",
  "persistent",
  "interactive",
  "with",
  "command",
  "script",
  "readyWhen",
  "retries",
] as const;
const readinessKeys = ["port", "url", "line", "timeoutMs"] as const;
const portMax = 65_535;
const retriesMax = 10;

/** Where keys stand in a program: each the first one behind the one before. Undefined where they are made in another way. */
export function lineInProgram(text: string, keys: readonly (string | number)[]): number | undefined {
  let at = 0;
  for (const key of keys) {
    if (typeof key === "number") continue;
    const found = new RegExp(`(?:^|[{,\\s])(["'\`]?)${RegExp.escape(key)}\\1\\s*:`, "g");
    found.lastIndex = at;
    const match = found.exec(text);
    if (match === null) return undefined;
    at = match.index + match[0].length;
  }
  return text.slice(0, at).split("\n").length;
}

function numberAt(value: ConfigValue, max: number): number | undefined {
  if (!value.isThere) return undefined;
  const number = value.value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > max)
    throw value.fault(`is no whole number from 0 to ${max}.`);
  return number;
}

const timeoutMsMax = 24 * 60 * 60 * 1000;

/** Of `readyWhen`, whoever wrote it. */
export function readinessAt(value: ConfigValue): Readiness | undefined {
  if (!value.isThere) return undefined;
  value.knowing(readinessKeys);
  const line = value.at("line").text();
  try {
    if (line !== undefined) RegExp(line);
  } catch {
    throw value.at("line").fault("is no regular expression.");
  }
  const url = value.at("url").text();
  if (url !== undefined && !URL.canParse(url)) throw value.at("url").fault("is no URL.");
  return {
    port: numberAt(value.at("port"), portMax),
    url,
    line,
    timeoutMs: numberAt(value.at("timeoutMs"), timeoutMsMax),
  };
}

function taskAt(value: ConfigValue): Partial<TaskDefinition> {
  value.knowing(taskKeys);
  const command = value.at("command").text();
  const readyWhen = readinessAt(value.at("readyWhen"));
  if (readyWhen !== undefined && value.at("persistent").flag() === false)
    throw value.at("readyWhen").fault("is for tasks that are persistent.");
  const said = {
    dependsOn: value.at("dependsOn").texts(),
    inputs: value.at("inputs").texts(),
    outputs: value.at("outputs").texts(),
    env: value.at("env").texts(),
    passThroughEnv: value.at("passThroughEnv").texts(),
    cache: value.at("cache").flag(),
    persistent: readyWhen === undefined ? value.at("persistent").flag() : true,
    interactive: value.at("interactive").flag(),
    with: value.at("with").texts(),
    // The folder is that of the package, which is not known here.
    command: command === undefined ? undefined : { text: command, folder: "" },
    script: value.at("script").text(),
    readyWhen,
    retries: numberAt(value.at("retries"), retriesMax),
  };
  return Object.fromEntries(Object.entries(said).filter(([, each]) => each !== undefined));
}

/** Whether a key of `tasks` means a task of a package: `build`, `app#build`, `@shop/*#build`. */
function means(key: string, pkg: Package, task: string): boolean {
  const at = key.indexOf("#");
  return at === -1 ? key === task : key.slice(at + 1) === task && nameTest(key.slice(0, at))(pkg.name);
}

/** Throws a fault. */
export function ownRules(builds: ConfigValue, base: TaskRules, isMonorepo: boolean): TaskRules {
  builds.knowing(settingKeys);
  const tasks = builds.at("tasks");
  // What names a package counts for more.
  const said = tasks
    .keys()
    .map((key) => [key, taskAt(tasks.at(key))] as const)
    .toSorted(([a], [b]) => Number(a.includes("#")) - Number(b.includes("#")));
  const global: GlobalRules = {
    files: [...base.global.files, ...(builds.at("globalDependencies").texts() ?? [])],
    env: [...base.global.env, ...(builds.at("globalEnv").texts() ?? [])],
    passThroughEnv: [...base.global.passThroughEnv, ...(builds.at("globalPassThroughEnv").texts() ?? [])],
    envMode: builds.at("envMode").word(["strict", "loose"]) ?? base.global.envMode,
  };
  return {
    source: `${base.source} and ${builds.file}`,
    global,
    names: new Set([...base.names, ...said.map(([key]) => key.slice(key.indexOf("#") + 1))]),
    definitionOf(pkg, task) {
      const under = base.definitionOf(pkg, task);
      // The root of many packages has the tasks that are said to be its own.
      const isRoot = pkg.name === rootName && isMonorepo && under === undefined;
      const over = said
        .filter(([key]) => means(key, pkg, task) && !(isRoot && !key.includes("#")))
        .map(([, each]) => each);
      if (over.length === 0) return under;
      const more: Partial<TaskDefinition> = {};
      for (const each of over) Object.assign(more, each);
      const whole: TaskDefinition = { ...(under ?? plainTask), ...more };
      const command =
        whole.command === undefined
          ? undefined
          : {
              ...whole.command,
              folder: over.some((each) => each.command !== undefined) ? pkg.folder : whole.command.folder,
            };
      return { ...whole, command, cache: whole.cache && !whole.persistent };
    },
  };
}
