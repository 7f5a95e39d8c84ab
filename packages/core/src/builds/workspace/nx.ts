// Reads `nx.json`, and `project.json` of each project. The formats: https://nx.dev/reference/nx-json, https://nx.dev/reference/project-configuration
import { closure, packageGraph } from "../graph/package-graph.ts";
import type { Files } from "../ports.ts";
import { ConfigFault, readJsonFile } from "./config-file.ts";
import type { ConfigValue } from "./config-file.ts";
import { nameTest } from "./globs.ts";
import { InputReader } from "./nx-inputs.ts";
import type { NxInputs } from "./nx-inputs.ts";
import { commandOfTarget, interpolated } from "./nx-commands.ts";
import { noInputs } from "./turbo.ts";
import { plainTask, rootName } from "./package.ts";
import type { Package, TaskDefinition, TaskRules } from "./package.ts";
import { checkNames, foldersWith, withProjects } from "./projects.ts";
import type { Project } from "./projects.ts";

/** What one place says of a target; the places stand in the order of their weight. */
type Layers = readonly ConfigValue[];

const targetKeys = [
  "executor",
  "command",
  "options",
  "configurations",
  "defaultConfiguration",
  "dependsOn",
  "inputs",
  "outputs",
  "cache",
  "parallelism",
  "continuous",
  "metadata",
  "syncGenerators",
] as const;

export interface NxWorkspace {
  readonly packages: ReadonlyMap<string, Package>;
  readonly rules: TaskRules;
}

interface Described extends Project {
  /** `targets` and `namedInputs` are in here: project.json, and `nx` of package.json. */
  readonly values: readonly ConfigValue[];
}

/** What package.json of a package, or its project.json, says to Nx. */
function describedIn(
  files: Files,
  root: string,
  pkg: { readonly folder: string; readonly name?: string },
): { readonly described: Described; readonly at: ConfigValue } | undefined {
  const prefix = pkg.folder === "" ? "" : `${pkg.folder}/`;
  const project = readJsonFile(files, `${root}/${prefix}project.json`, `${prefix}project.json`);
  const manifest = readJsonFile(files, `${root}/${prefix}package.json`, `${prefix}package.json`);
  const values = [project, manifest?.at("nx")].filter((value): value is ConfigValue => value?.isThere === true);
  const [first] = values;
  if (first === undefined) return undefined;
  const said = first.at("name");
  const name = said.text() ?? pkg.name ?? manifest?.at("name").text() ?? pkg.folder.split("/").at(-1) ?? "";
  const described = {
    folder: pkg.folder,
    name,
    dependsOn: values.flatMap((value) =>
      (value.at("implicitDependencies").texts() ?? []).filter((each) => !each.startsWith("!")),
    ),
    file: project === undefined ? `${prefix}package.json` : `${prefix}project.json`,
    values,
  };
  return { described, at: said };
}

class NxRules implements TaskRules {
  readonly source = "nx.json";
  readonly global: TaskRules["global"] = { files: ["nx.json"], env: [], passThroughEnv: ["NX_*"], envMode: "loose" };
  readonly names: ReadonlySet<string>;
  readonly #nx: ConfigValue;
  readonly #projects: ReadonlyMap<string, Described>;
  readonly #packages: ReadonlyMap<string, Package>;
  readonly #inputs: InputReader;
  readonly #known = new Map<string, TaskDefinition | undefined>();

  constructor(nx: ConfigValue, projects: ReadonlyMap<string, Described>, packages: ReadonlyMap<string, Package>) {
    this.#nx = nx;
    this.#projects = projects;
    this.#packages = packages;
    const graph = packageGraph(packages);
    this.#inputs = new InputReader({
      of: (pkg, name) =>
        [...(projects.get(pkg.name)?.values ?? []), nx]
          .map((value) => value.at("namedInputs").at(name))
          .find((value) => value.isThere),
      upstream: (pkg) =>
        [...closure([pkg.name], graph.dependencies)]
          .filter((name) => name !== pkg.name)
          .flatMap((name) => packages.get(name) ?? []),
      packageOf: (name) => packages.get(name),
    });
    this.names = new Set([
      ...[...packages.values()].flatMap((pkg) => Object.keys(pkg.scripts)),
      ...[...projects.values()].flatMap(({ values }) => values.flatMap((value) => value.at("targets").keys())),
    ]);
    // A file that is wrong is named, also where nobody asks for what is wrong in it.
    for (const pkg of packages.values()) for (const name of this.names) this.definitionOf(pkg, name);
  }

  definitionOf(pkg: Package, task: string): TaskDefinition | undefined {
    const id = `${pkg.name}#${task}`;
    if (!this.#known.has(id)) this.#known.set(id, this.#read(pkg, task));
    return this.#known.get(id);
  }

  /** The project's own first. Empty where it has no such target. */
  #layers(pkg: Package, task: string): Layers {
    const own = (this.#projects.get(pkg.name)?.values ?? [])
      .map((value) => value.at("targets").at(task))
      .filter((value) => value.isThere);
    if (own.length === 0 && (pkg.scripts[task] === undefined || pkg.name === rootName)) return [];
    for (const layer of own) layer.knowing(targetKeys);
    const executor = own.map((layer) => layer.at("executor").text()).find((each) => each !== undefined);
    const defaults = this.#nx.at("targetDefaults");
    const fits = (key: string): boolean => key === task || (key.includes("*") && nameTest(key)(task));
    const key =
      defaults.keys().find((each) => each === executor) ??
      defaults.keys().find((each) => each === task) ??
      defaults.keys().find(fits);
    return key === undefined
      ? own.length === 0
        ? [this.#nx.at("\0")]
        : own
      : [...own, defaults.at(key).knowing(targetKeys)];
  }

  #read(pkg: Package, task: string): TaskDefinition | undefined {
    const layers = this.#layers(pkg, task);
    if (layers.length === 0) return undefined;
    const first = (key: string): ConfigValue | undefined =>
      layers.map((layer) => layer.at(key)).find((value) => value.isThere);
    const inputs = first("inputs");
    const read: NxInputs = inputs === undefined ? this.#inputs.usual(pkg) : this.#inputs.read(inputs, pkg);
    const isContinuous = first("continuous")?.flag() === true;
    const command = commandOfTarget({ pkg, task, first });
    const isCached = !isContinuous && (first("cache")?.flag() ?? this.#cachesOfOld().includes(task));
    const outputs = first("outputs");
    return {
      ...plainTask,
      dependsOn: this.#dependsOn(first("dependsOn"), pkg),
      inputs: read.patterns.length === 0 ? [noInputs] : read.patterns,
      outputs: outputs === undefined && !isCached ? [] : this.#outputs(outputs, { pkg, first }),
      isRootedOutputs: true,
      isListedInputs: true,
      env: read.env,
      runtime: read.runtime,
      cache: isCached,
      persistent: isContinuous,
      ...command,
    };
  }

  /** Before targets had `cache`, a list of names did. */
  #cachesOfOld(): readonly string[] {
    return this.#nx.at("tasksRunnerOptions").at("default").at("options").at("cacheableOperations").texts() ?? [];
  }

  #outputs(
    said: ConfigValue | undefined,
    p: { readonly pkg: Package; readonly first: (key: string) => ConfigValue | undefined },
  ): readonly string[] {
    const { pkg } = p;
    const own = pkg.folder === "" ? "" : `${pkg.folder}/`;
    if (said === undefined) return [`${own}dist`, `${own}build`, `${own}public`, `dist/${pkg.folder}`];
    return (said.texts() ?? []).flatMap((text, index) => {
      const path = interpolated(text, p);
      if (path === undefined) return [];
      if (path.split("/").includes(".."))
        throw said.at(index).fault(`is ${JSON.stringify(text)}, which leads out of the workspace.`);
      return [path];
    });
  }

  #dependsOn(said: ConfigValue | undefined, pkg: Package): readonly string[] {
    if (said === undefined) return [];
    if (!Array.isArray(said.value)) throw said.fault("is not a list.");
    return said.value.flatMap((_, index) => this.#dependency(said.at(index), pkg));
  }

  #dependency(value: ConfigValue, pkg: Package): readonly string[] {
    if (typeof value.value === "string") {
      const text = value.value;
      const at = text.indexOf(":");
      // A target may have a colon in its name; then there is no such project.
      if (at > 0 && !text.startsWith("^") && this.#packages.has(text.slice(0, at)))
        return [`${text.slice(0, at)}#${text.slice(at + 1)}`];
      return [text];
    }
    value.knowing(["target", "projects", "dependencies", "params", "options"]);
    const target = value.at("target").text();
    if (target === undefined) throw value.fault("names no target.");
    const projects = value.at("projects");
    const names = typeof projects.value === "string" ? [projects.value] : (projects.texts() ?? []);
    if (value.at("dependencies").flag() === true) return [`^${target.replace(/^\^/, "")}`];
    if (names.length === 0) return [target];
    return names.flatMap((name) => {
      if (name === "self") return [target];
      if (name === "dependencies") return [`^${target}`];
      const test = nameTest(name);
      const found = [...this.#packages.keys()].filter((each) => each !== pkg.name && test(each));
      if (found.length === 0) throw projects.fault(`names ${name}, and there is no such project.`);
      return found.map((each) => `${each}#${target}`);
    });
  }
}

/** Undefined where the root has no `nx.json`. Throws a fault. */
export function readNxWorkspace(
  files: Files,
  root: string,
  packages: ReadonlyMap<string, Package>,
): NxWorkspace | undefined {
  const nx = readJsonFile(files, `${root}/nx.json`, "nx.json");
  if (nx === undefined) return undefined;
  if (Array.isArray(nx.at("targetDefaults").value))
    throw new ConfigFault("nx.json", {
      key: "targetDefaults",
      message: "is a list; it is read as an object by names of targets and executors.",
    });
  const folders = new Set([
    ...[...packages.values()].map(({ folder }) => folder),
    ...foldersWith(files, root, "project.json"),
  ]);
  const names = new Map([...packages.values()].map((pkg) => [pkg.folder, pkg.name]));
  const found = [...folders].flatMap((folder) => {
    const name = names.get(folder);
    return describedIn(files, root, name === undefined ? { folder } : { folder, name }) ?? [];
  });
  checkNames(found.map(({ described, at }) => ({ project: described, at })));
  const described = found.map(({ described: each }) => (each.folder === "" ? { ...each, name: rootName } : each));
  const all = withProjects(packages, described, rootName);
  return { packages: all, rules: new NxRules(nx, new Map(described.map((each) => [each.name, each])), all) };
}
