// What moon's files say of tasks: those that all projects inherit under those of each project, lists one behind the other.
// https://moonrepo.dev/docs/config/project#tasks
import type { ConfigValue } from "./config-file.ts";
import { plainTask } from "./package.ts";
import type { Package, TaskDefinition } from "./package.ts";
import { fromRoot, noInputs } from "./turbo.ts";

interface MoonGround {
  readonly inherited: ConfigValue | undefined;
  /** moon.yml by name of the project. */
  readonly own: ReadonlyMap<string, ConfigValue>;
  readonly packages: ReadonlyMap<string, Package>;
}

const taskKeys = [
  "extends",
  "description",
  "command",
  "args",
  "script",
  "deps",
  "env",
  "inputs",
  "outputs",
  "options",
  "preset",
  "platform",
  "toolchain",
  "toolchains",
  "type",
  "local",
  "checks",
] as const;

/** The words of a command as a shell reads them back. */
function wordsOf(value: ConfigValue): readonly string[] {
  if (!value.isThere) return [];
  return Array.isArray(value.value) ? (value.texts() ?? []).map(quotedWord) : [value.text() ?? ""];
}

function quotedWord(word: string): string {
  return /^[\w@%+=:,./$*-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

export class MoonTasks {
  readonly #ground: MoonGround;
  readonly names: ReadonlySet<string>;
  readonly #known = new Map<string, TaskDefinition | undefined>();

  constructor(ground: MoonGround) {
    this.#ground = ground;
    const { inherited, own, packages } = ground;
    this.names = new Set([
      ...(inherited?.at("tasks").keys() ?? []),
      ...[...own.values()].flatMap((value) => value.at("tasks").keys()),
    ]);
    for (const pkg of packages.values()) for (const name of this.names) this.of(pkg, name);
  }

  of(pkg: Package, task: string): TaskDefinition | undefined {
    const id = `${pkg.name}#${task}`;
    if (!this.#known.has(id)) this.#known.set(id, this.#read(pkg, task));
    return this.#known.get(id);
  }

  /** What is inherited first. */
  #layers(pkg: Package, task: string): readonly ConfigValue[] {
    const { inherited, own } = this.#ground;
    const mine = own.get(pkg.name);
    const rules = mine?.at("workspace").at("inheritedTasks");
    const excluded = rules?.at("exclude").texts() ?? [];
    const included = rules?.at("include").texts();
    // Only what is a project of moon's inherits.
    const isInheriting =
      mine !== undefined && !excluded.includes(task) && (included === undefined || included.includes(task));
    const from = isInheriting ? inherited?.at("tasks").at(task) : undefined;
    const layers = [from, mine?.at("tasks").at(task)].filter((value): value is ConfigValue => value?.isThere === true);
    return layers.flatMap((layer) => [...this.#extended(pkg, layer, new Set([task])), layer]);
  }

  #extended(pkg: Package, layer: ConfigValue, seen: ReadonlySet<string>): readonly ConfigValue[] {
    const said = layer.at("extends");
    const base = said.text();
    if (base === undefined) return [];
    if (seen.has(base)) throw said.fault("leads back to itself.");
    const { inherited, own } = this.#ground;
    const found = [own.get(pkg.name), inherited]
      .map((value) => value?.at("tasks").at(base))
      .find((value) => value?.isThere);
    if (found === undefined) throw said.fault(`is ${base}, and there is no such task.`);
    return [...this.#extended(pkg, found, new Set([...seen, base])), found];
  }

  #read(pkg: Package, task: string): TaskDefinition | undefined {
    const layers = this.#layers(pkg, task);
    if (layers.length === 0) return undefined;
    for (const layer of layers) layer.knowing(taskKeys);
    const last = (key: string): ConfigValue | undefined =>
      layers.map((layer) => layer.at(key)).findLast((value) => value.isThere);
    const all = (key: string): readonly ConfigValue[] =>
      layers.map((layer) => layer.at(key)).filter((value) => value.isThere);
    const option = (key: string): ConfigValue | undefined =>
      layers.map((layer) => layer.at("options").at(key)).findLast((value) => value.isThere);
    const inputs = this.#inputs(pkg, all("inputs"));
    const preset = last("preset")?.word(["server", "watcher", "utility"]);
    const isPersistent = option("persistent")?.flag() ?? (preset === "server" || preset === "watcher");
    const outputs = all("outputs").flatMap((value) =>
      (value.texts() ?? []).map((text, index) => this.#output(value.at(index), pkg, text)),
    );
    const cache = option("cache");
    const isCached =
      cache === undefined || typeof cache.value === "string" ? last("local")?.flag() !== true : cache.flag() !== false;
    const retries = option("retryCount")?.value;
    return {
      ...plainTask,
      dependsOn: all("deps").flatMap((value) => this.#deps(value)),
      ...inputs,
      isListedInputs: true,
      outputs,
      isRootedOutputs: true,
      cache: isCached && !isPersistent && preset !== "utility",
      persistent: isPersistent,
      interactive: option("interactive")?.flag() ?? false,
      ...(typeof retries === "number" ? { retries } : {}),
      ...this.#command(pkg, { last, all, isInRoot: option("runFromWorkspaceRoot")?.flag() === true }),
    };
  }

  #command(
    pkg: Package,
    p: {
      readonly last: (key: string) => ConfigValue | undefined;
      readonly all: (key: string) => readonly ConfigValue[];
      readonly isInRoot: boolean;
    },
  ): Partial<TaskDefinition> {
    const script = p.last("script")?.text();
    const command = p.last("command");
    const words = [...(command === undefined ? [] : wordsOf(command)), ...p.all("args").flatMap(wordsOf)];
    const text = script ?? words.join(" ");
    if (text === "" || text === "noop" || text === "nop" || text === "no-op") return { script: "" };
    const env = Object.fromEntries(
      p.all("env").flatMap((value) => value.keys().map((name) => [name, value.at(name).text() ?? ""])),
    );
    const tokens: Readonly<Record<string, string>> = {
      project: pkg.name,
      projectRoot: pkg.folder,
      projectSource: pkg.folder,
    };
    const filled = text.replace(/\$(projectRoot|projectSource|project)\b/g, (_, name: string) => tokens[name] ?? "");
    return { command: { text: filled, folder: p.isInRoot ? "" : pkg.folder, env } };
  }

  /** `^:build`, `~:lint`, `lint`, `project:task`; an object has one as `target`. */
  #deps(value: ConfigValue): readonly string[] {
    if (!Array.isArray(value.value)) throw value.fault("is not a list.");
    return value.value.map((each, index) => {
      const at = value.at(index);
      const inner = typeof each === "string" ? at : at.at("target");
      const text = inner.text();
      if (text === undefined) throw at.fault("names no target.");
      const [scope, name] = text.includes(":")
        ? [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)]
        : ["~", text];
      if (scope === "^") return `^${name}`;
      if (scope === "~") return name;
      if (!this.#ground.packages.has(scope)) throw inner.fault(`is ${text}, and there is no project ${scope}.`);
      return `${scope}#${name}`;
    });
  }

  #inputs(pkg: Package, lists: readonly ConfigValue[]): Pick<TaskDefinition, "inputs" | "env"> {
    if (lists.length === 0) return { inputs: undefined, env: [] };
    const [inputs, env]: [string[], string[]] = [[], []];
    for (const list of lists) {
      list.texts()?.forEach((text, index) => {
        if (text.startsWith("$")) env.push(text.slice(1));
        else inputs.push(...this.#paths(list.at(index), pkg, text).map((path) => rooted(path)));
      });
    }
    // A list without any file means that none counts.
    return { inputs: inputs.length === 0 ? [noInputs] : inputs, env };
  }

  /** Paths of one word: itself, or what a group of files has. */
  #paths(at: ConfigValue, pkg: Package, text: string): readonly string[] {
    const [, token, name = ""] = /^@(\w+)\((.*)\)$/.exec(text) ?? [];
    if (token === undefined) return [text];
    if (!["group", "globs", "files", "dirs", "root"].includes(token))
      throw at.fault(`is ${text}; only groups of files can be named.`);
    const { inherited, own } = this.#ground;
    const group = [own.get(pkg.name), inherited]
      .map((value) => value?.at("fileGroups").at(name))
      .find((value) => value?.isThere);
    if (group === undefined) throw at.fault(`is ${text}, and fileGroups has no ${name}.`);
    return (group.texts() ?? []).filter((each) => !each.startsWith("$"));
  }

  #output(at: ConfigValue, pkg: Package, text: string): string {
    const [sign, path] = text.startsWith("!") ? ["!", text.slice(1)] : ["", text];
    if (path.split("/").includes("..")) throw at.fault(`is ${text}, which leads out of the project.`);
    if (path.startsWith("/")) return `${sign}${path.slice(1)}`;
    return `${sign}${[pkg.folder, path.replace(/^\.\//, "")].filter((part) => part !== "").join("/")}`;
  }
}

/** A path that begins with a slash begins at the root. */
function rooted(path: string): string {
  const [sign, rest] = path.startsWith("!") ? ["!", path.slice(1)] : ["", path];
  return `${sign}${rest.startsWith("/") ? `${fromRoot}${rest.slice(1)}` : rest}`;
}
