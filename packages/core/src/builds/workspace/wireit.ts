// Reads the `wireit` blocks of package.json files. The format: https://github.com/google/wireit#reference
import { join } from "node:path/posix";
import type { Files } from "../ports.ts";
import { readJsonFile } from "./config-file.ts";
import type { ConfigValue } from "./config-file.ts";
import { fromRoot, noInputs } from "./turbo.ts";
import { plainTask } from "./package.ts";
import type { Package, Readiness, TaskDefinition, TaskRules } from "./package.ts";
import { scriptRules } from "./scripts.ts";

const scriptKeys = [
  "command",
  "dependencies",
  "files",
  "output",
  "clean",
  "env",
  "packageLocks",
  "allowUsuallyExcludedPaths",
  "service",
  "shell",
] as const;

interface Ground {
  readonly pkg: Package;
  /** Name of a package by its folder. */
  readonly byFolder: ReadonlyMap<string, string>;
}

/** `lint`, `../lib:build`, `<dependencies>:build`; written as a text or as `script` of an object. */
function dependencyAt(value: ConfigValue, { pkg, byFolder }: Ground): string {
  const isText = typeof value.value === "string";
  const inner = isText ? value : value.knowing(["script", "cascade"]).at("script");
  const text = inner.text() ?? "";
  if (text === "") throw inner.fault("names no script.");
  const [, everywhere] = /^<dependencies>:(.+)$/.exec(text) ?? [];
  if (everywhere !== undefined) return `^${everywhere}`;
  if (!/^\.{1,2}\//.test(text)) return text;
  const at = text.lastIndexOf(":");
  const folder = join(pkg.folder, text.slice(0, at === -1 ? text.length : at)).replace(/\/$/, "");
  const name = byFolder.get(folder === "." ? "" : folder);
  if (at === -1) throw inner.fault(`is ${JSON.stringify(text)}; it is written as ../package:script.`);
  if (name === undefined) throw inner.fault(`is ${JSON.stringify(text)}, where there is no package.`);
  return `${name}#${text.slice(at + 1)}`;
}

function readiness(service: ConfigValue): Readiness | undefined {
  if (typeof service.value !== "object") return undefined;
  const line = service.at("readyWhen").at("lineMatches").text();
  return line === undefined ? undefined : { line };
}

/** Variables that are set, and those that come from outside. */
function variables(env: ConfigValue): { readonly set: Record<string, string>; readonly from: readonly string[] } {
  const set: Record<string, string> = {};
  const from: string[] = [];
  for (const name of env.keys()) {
    const value = env.at(name);
    if (typeof value.value === "string") set[name] = value.value;
    else if (value.knowing(["external", "default"]).at("external").flag() === true) from.push(name);
  }
  return { set, from };
}

function taskAt(value: ConfigValue, ground: Ground): TaskDefinition {
  value.knowing(scriptKeys);
  const { pkg } = ground;
  const command = value.at("command").text();
  const dependencies = value.at("dependencies");
  if (dependencies.isThere && !Array.isArray(dependencies.value)) throw dependencies.fault("is not a list.");
  const files = value.at("files").texts();
  const outputs = value.at("output").texts();
  const service = value.at("service");
  const isService = service.isThere && service.value !== false;
  const { set, from } = variables(value.at("env"));
  const rooted = (each: string): string => (each.startsWith("/") ? `${fromRoot}${each.slice(1)}` : each);
  return {
    ...plainTask,
    dependsOn: ((dependencies.value ?? []) as readonly unknown[]).map((_, index) =>
      dependencyAt(dependencies.at(index), ground),
    ),
    inputs:
      files?.length === 0
        ? [noInputs]
        : files?.map((each) => (each.startsWith("!") ? `!${rooted(each.slice(1))}` : rooted(each))),
    outputs: outputs ?? [],
    env: from,
    // Only what says what it reads and what it writes can be taken from a cache.
    cache: files !== undefined && outputs !== undefined && !isService,
    persistent: isService,
    readyWhen: readiness(service),
    command: command === undefined ? undefined : { text: command, folder: pkg.folder, env: set },
    // The script itself is `wireit`.
    script: command === undefined ? "" : undefined,
  };
}

/** Undefined where no package has such a block. Throws a fault. */
export function readWireitRules(
  files: Files,
  root: string,
  packages: ReadonlyMap<string, Package>,
): TaskRules | undefined {
  const byFolder = new Map([...packages.values()].map(({ folder, name }) => [folder, name]));
  const own = new Map<string, ReadonlyMap<string, TaskDefinition>>();
  for (const pkg of packages.values()) {
    const block = readJsonFile(files, `${root}/${pkg.manifest}`, pkg.manifest)?.at("wireit");
    if (block?.isThere !== true) continue;
    own.set(pkg.name, new Map(block.keys().map((task) => [task, taskAt(block.at(task), { pkg, byFolder })])));
  }
  if (own.size === 0) return undefined;
  const plain = scriptRules(packages);
  return {
    source: "wireit",
    global: plain.global,
    names: new Set([...plain.names, ...[...own.values()].flatMap((tasks) => [...tasks.keys()])]),
    definitionOf: (pkg, task) => own.get(pkg.name)?.get(task) ?? plain.definitionOf(pkg, task),
  };
}
