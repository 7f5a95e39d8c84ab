// What Nx's `inputs` and `namedInputs` mean, as patterns of files, variables and commands.
// https://nx.dev/reference/inputs
import type { ConfigValue } from "./config-file.ts";
import type { Package } from "./package.ts";
import { defaultInputs, fromRoot } from "./turbo.ts";

export interface NxInputs {
  readonly patterns: string[];
  readonly env: string[];
  readonly runtime: string[];
}

interface Named {
  /** By name; those of a project go before those of nx.json. */
  readonly of: (pkg: Package, name: string) => ConfigValue | undefined;
  /** All that a package depends on, also through others. */
  readonly upstream: (pkg: Package) => readonly Package[];
  readonly packageOf: (name: string) => Package | undefined;
}

const objectKeys = [
  "input",
  "projects",
  "dependencies",
  "fileset",
  "runtime",
  "env",
  "externalDependencies",
  "dependentTasksOutputFiles",
  "transitive",
] as const;

/** Every file of a project. */
const wholeProject = "{projectRoot}/**/*";

/** A pattern with its tokens as one of the package, or of the root. */
function patternOf(text: string, pkg: Package, isElsewhere: boolean): string {
  const [sign, path] = text.startsWith("!") ? ["!", text.slice(1)] : ["", text];
  const folder = pkg.folder === "" ? "" : `${pkg.folder}/`;
  if (path === wholeProject && sign === "" && !isElsewhere) return defaultInputs;
  const inProject = /^\{projectRoot\}\/?(.*)$/.exec(path)?.[1];
  if (inProject !== undefined)
    return isElsewhere ? `${sign}${fromRoot}${folder}${inProject}` : `${sign}${inProject === "" ? "**" : inProject}`;
  const inRoot = /^\{workspaceRoot\}\/?(.*)$/.exec(path)?.[1];
  return `${sign}${fromRoot}${(inRoot ?? path).replaceAll("{projectName}", pkg.name).replaceAll("{projectRoot}", pkg.folder)}`;
}

export class InputReader {
  readonly #named: Named;

  constructor(named: Named) {
    this.#named = named;
  }

  /** Throws a fault where something is no input. */
  read(inputs: ConfigValue, pkg: Package): NxInputs {
    const into: NxInputs = { patterns: [], env: [], runtime: [] };
    this.#list(inputs, { pkg, reader: pkg, into, open: new Set() });
    return into;
  }

  /** What holds where a target says nothing of its inputs: its project, and all that it depends on. */
  usual(pkg: Package): NxInputs {
    const into: NxInputs = { patterns: [], env: [], runtime: [] };
    for (const each of [pkg, ...this.#named.upstream(pkg)])
      this.#name("default", { pkg: each, reader: pkg, into, open: new Set() });
    return into;
  }

  #list(inputs: ConfigValue, at: At): void {
    if (!Array.isArray(inputs.value)) throw inputs.fault("is not a list.");
    inputs.value.forEach((_, index) => this.#one(inputs.at(index), at));
  }

  #one(value: ConfigValue, at: At): void {
    if (typeof value.value !== "string") return this.#object(value, at);
    const text = value.value;
    if (text.startsWith("^")) return this.#ofUpstream(text.slice(1), at);
    if (/^!?\{|[/*]/.test(text)) at.into.patterns.push(patternOf(text, at.pkg, at.pkg !== at.reader));
    else if (!this.#name(text, at)) throw value.fault(`is ${JSON.stringify(text)}, and namedInputs has no such name.`);
  }

  #object(value: ConfigValue, at: At): void {
    value.knowing(objectKeys);
    const { into } = at;
    const [fileset, runtime, env, input] = [
      value.at("fileset").text(),
      value.at("runtime").text(),
      value.at("env").text(),
      value.at("input").text(),
    ];
    if (fileset !== undefined) into.patterns.push(patternOf(fileset, at.pkg, at.pkg !== at.reader));
    if (runtime !== undefined) into.runtime.push(runtime);
    if (env !== undefined) into.env.push(env);
    if (input === undefined) return;
    const projects = value.at("projects");
    const names = typeof projects.value === "string" ? [projects.value] : projects.texts();
    if (value.at("dependencies").flag() === true || names?.includes("dependencies") === true)
      return this.#ofUpstream(input, at);
    for (const name of names ?? ["self"]) {
      const pkg = name === "self" ? at.pkg : this.#named.packageOf(name);
      if (pkg === undefined) throw value.at("projects").fault(`names ${name}, and there is no such project.`);
      if (!this.#name(input, { ...at, pkg, open: new Set() }))
        throw value.at("input").fault(`is ${JSON.stringify(input)}, and namedInputs has no such name.`);
    }
  }

  #ofUpstream(name: string, at: At): void {
    for (const pkg of this.#named.upstream(at.pkg)) this.#name(name, { ...at, pkg, open: new Set() });
  }

  /** False where there is no such name. */
  #name(name: string, at: At): boolean {
    const said = this.#named.of(at.pkg, name);
    if (said === undefined && name === "default") {
      at.into.patterns.push(patternOf(wholeProject, at.pkg, at.pkg !== at.reader));
      return true;
    }
    if (said === undefined) return false;
    if (at.open.has(name)) throw said.fault("means itself.");
    this.#list(said, { ...at, open: new Set([...at.open, name]) });
    return true;
  }
}

interface At {
  /** Whose project the patterns begin at. */
  readonly pkg: Package;
  /** Whose task reads them. */
  readonly reader: Package;
  readonly into: NxInputs;
  readonly open: ReadonlySet<string>;
}
