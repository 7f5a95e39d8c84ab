// Keys of all tasks of a build. What does not depend on other tasks is looked up once; what comes of them is added as they end.
import type { Digest, Files } from "../ports.ts";
import type { PackageGraph } from "../graph/package-graph.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import type { EnvMode, Workspace } from "../workspace/package.ts";
import { hashedVariables } from "./environment.ts";
import type { Environment } from "./environment.ts";
import type { FileDigests } from "./file-digests.ts";
import { filesByPackage, inputsOf } from "./inputs.ts";
import { sha256 } from "./fingerprint.ts";
import { ExternalDependencies } from "./lockfile.ts";
import type { LockNotes } from "./lockfile.ts";
import { definitionParts, keyWith, ownDigest } from "./task-key.ts";
import type { GlobalParts, KeyParts } from "./task-key.ts";
import { pathsTest } from "../workspace/globs.ts";

export interface Tools {
  /** Such as `linux x64 glibc-2.36`. */
  readonly platform: string;
  readonly versions: Readonly<Record<string, string>>;
}

interface HasherParts {
  readonly files: Files;
  readonly digests: FileDigests;
  readonly workspace: Workspace;
  readonly packages: PackageGraph;
  /** All files that may be inputs, from the root on, sorted. */
  readonly paths: readonly string[];
  readonly env: Environment;
  readonly envMode: EnvMode;
  readonly tools: Tools;
  readonly notes: LockNotes;
  /** What a command writes when it is done in the root. */
  readonly say: (command: string) => string;
  /** What stands behind `--`. */
  readonly args: readonly string[];
}

export interface KeyedTask {
  readonly key: Digest;
  readonly parts: KeyParts;
}

export class Hasher {
  readonly #parts: HasherParts;
  readonly #external: ExternalDependencies;
  readonly #byPackage: ReadonlyMap<string, readonly string[]>;
  readonly #externalOf = new Map<string, Digest>();
  readonly #ownOf = new Map<string, { readonly parts: Omit<KeyParts, "upstream">; readonly digest: Digest }>();
  readonly #variablesOf = new Map<string, Readonly<Record<string, string>>>();
  readonly #said = new Map<string, Digest>();
  readonly #filesOf = new Map<string, Readonly<Record<string, Digest>>>();
  readonly global: GlobalParts;

  constructor(parts: HasherParts) {
    this.#parts = parts;
    const { files, workspace, packages, paths, notes, digests } = parts;
    const { lockfile, root } = workspace;
    this.#external = new ExternalDependencies({
      file: lockfile,
      text: lockfile === undefined ? undefined : files.readText(`${root}/${lockfile}`),
      notes,
      digestOf: (path) => digests.of(path),
    });
    this.#byPackage = filesByPackage(packages, paths);
    this.global = this.#global();
  }

  #global(): GlobalParts {
    const { workspace, paths, env, tools } = this.#parts;
    const { global } = workspace.rules;
    const isGlobal = global.files.length === 0 ? () => false : pathsTest(global.files);
    const named = global.files.filter((each) => !each.startsWith("!"));
    const found: Record<string, Digest> = {};
    for (const path of new Set([...paths.filter(isGlobal), ...named])) {
      const digest = this.#parts.digests.of(path);
      if (digest !== undefined) found[path] = digest;
    }
    return { platform: tools.platform, tools: tools.versions, files: found, env: hashedVariables(env, global.env) };
  }

  /** Digests of what a task reads, by path from the root on, as it is now. */
  filesOf(node: TaskNode): Readonly<Record<string, Digest>> {
    const { files, workspace, digests } = this.#parts;
    const found: Record<string, Digest> = {};
    for (const path of inputsOf(
      { files, root: workspace.root, byPackage: this.#byPackage },
      node.package,
      node.definition,
    )) {
      const digest = digests.of(path);
      if (digest !== undefined) found[path] = digest;
    }
    return found;
  }

  /** Digests of what commands say, by command. */
  #runtimes(commands: readonly string[] = []): Readonly<Record<string, Digest>> {
    return Object.fromEntries(
      commands.map((command) => {
        let said = this.#said.get(command);
        if (said === undefined) this.#said.set(command, (said = sha256(this.#parts.say(command))));
        return [`output of ${command}`, said];
      }),
    );
  }

  /** `upstream`: what each task that it depends on contributes. */
  keyed(node: TaskNode, upstream: Readonly<Record<string, string>>): KeyedTask {
    let own = this.#ownOf.get(node.id);
    if (own === undefined) {
      const parts = this.#ownParts(node);
      this.#ownOf.set(node.id, (own = { parts, digest: ownDigest(node.id, parts) }));
    }
    return { key: keyWith(own.digest, upstream), parts: { ...own.parts, upstream } };
  }

  #ownParts(node: TaskNode): Omit<KeyParts, "upstream"> {
    const { envMode, args } = this.#parts;
    const { package: pkg, definition, script, id, task } = node;
    let files = this.#filesOf.get(id);
    if (files === undefined) this.#filesOf.set(id, (files = this.filesOf(node)));
    let external = this.#externalOf.get(pkg.name);
    if (external === undefined) this.#externalOf.set(pkg.name, (external = this.#external.digestFor(pkg)));
    const name = definition.script ?? task;
    const { [`pre${name}`]: before = "", [`post${name}`]: after = "" } =
      definition.command === undefined ? pkg.scripts : {};
    return {
      global: this.global,
      command: script === undefined ? "" : [before, script, after].join("\n"),
      args: script === undefined ? [] : args,
      definition: { ...definitionParts(node), envMode, ...this.#runtimes(definition.runtime) },
      files,
      env: this.#variables(definition.env),
      external,
    };
  }

  /** Most tasks declare the same ones. */
  #variables(patterns: readonly string[]): Readonly<Record<string, string>> {
    const asked = patterns.join("\n");
    let found = this.#variablesOf.get(asked);
    if (found === undefined) this.#variablesOf.set(asked, (found = hashedVariables(this.#parts.env, patterns)));
    return found;
  }

  /** Remembers for the next build what takes long to find. */
  save(): void {
    this.#external.save();
    this.#parts.digests.save();
  }

  /** Paths of inputs that are not as they were when the key was made. */
  changedSince(node: TaskNode): readonly string[] {
    const before = this.#filesOf.get(node.id) ?? {};
    const now = this.filesOf(node);
    return [...new Set([...Object.keys(before), ...Object.keys(now)])]
      .filter((path) => before[path] !== now[path])
      .toSorted();
  }
}
