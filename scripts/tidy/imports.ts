// Imports point one way: the table of who may import whom, type imports included.

import { posix } from "node:path";
import { bareCode, isCode, isTest, type SourceFile } from "./source.ts";

export interface Import {
  specifier: string;
  /** `import("…")`, which loads on first use. */
  dynamic: boolean;
}

/** What each package may import from the workspace. Within `core` the table of domains below holds. */
const PACKAGES: Record<string, string[]> = {
  protocol: [],
  sdk: ["@sluice/protocol"],
  runtime: ["@sluice/protocol"],
  bundlers: [],
  services: ["@sluice/sdk", "@sluice/protocol"],
  worker: ["@sluice/sdk", "@sluice/runtime", "@sluice/protocol"],
  core: ["@sluice/protocol"],
  server: ["@sluice/core", "@sluice/sdk", "@sluice/worker", "@sluice/runtime", "@sluice/protocol"],
  web: ["@sluice/sdk", "@sluice/protocol"],
  // The test harness is the engine itself with the embedded client, on any runtime.
  cli: [
    "@sluice/sdk",
    "@sluice/worker",
    "@sluice/protocol",
    "@sluice/core",
    "@sluice/services",
    "@sluice/bundlers",
    "@sluice/server/embedded/client",
  ],
};

/** Packages that may be loaded on first use only. */
const LAZY_PACKAGES: Record<string, string[]> = { cli: ["@sluice/server"] };

/** Which other domains a domain of `core` may import in full. `testing` drives all of them. */
const DOMAINS: Record<string, string[]> = { kernel: [], testing: ["*"] };
const DOMAIN_DEFAULT = ["kernel"];

/** Which domains it may import the port of: `port.ts`, `ports.ts`, `*-port.ts`, or a file in `ports/`. */
const PORTS: Record<string, string[]> = { store: ["*"], builds: ["engine"], cluster: ["engine"] };
const PORT_FILE = /^packages\/core\/src\/[\w-]+\/(?:ports\/.+|(?:[\w-]+-)?ports?)\.ts$/;

const STATEMENT = /\b(?:import|export)\b(?:\s+type\b)?[\w\s{},*$]*?\bfrom\s*["']([^"']+)["']/g;
const SIDE_EFFECT = /\bimport\s*["']([^"']+)["']/g;
const CALL = /\bimport\s*\(\s*["']([^"']+)["']/g;

export function importsOf(text: string): Import[] {
  const code = bareCode(text);
  const found = (pattern: RegExp, dynamic: boolean) =>
    Array.from(code.matchAll(pattern), (match) => ({ specifier: match[1] ?? "", dynamic }));
  return [...found(STATEMENT, false), ...found(SIDE_EFFECT, false), ...found(CALL, true)];
}

function packageOf(path: string): string | undefined {
  return /^packages\/([\w-]+)\//.exec(path)?.[1];
}

function domainOf(path: string): string | undefined {
  return /^packages\/core\/src\/([\w-]+)\//.exec(path)?.[1];
}

function allows(list: string[] | undefined, name: string): boolean {
  return list !== undefined && (list.includes("*") || list.includes(name));
}

/** Whether the table lets `specifier` be imported from a package, subpaths such as `@sluice/core/testing` included. */
function allowsPackage(list: string[], specifier: string): boolean {
  return list.some((entry) => specifier === entry || specifier.startsWith(`${entry}/`));
}

function checkWorkspaceImport(from: SourceFile, found: Import): string | undefined {
  const own = packageOf(from.path);
  const { specifier } = found;
  if (/\/src(\/|$)|\.ts$/.test(specifier)) return `reaches into ${specifier}: import the package's entry`;
  // Tests may use any public entry: the real part is better than a stand-in.
  if (own === undefined || isTest(from.path)) return undefined;
  if (allowsPackage(PACKAGES[own] ?? [], specifier)) return undefined;
  if (!allowsPackage(LAZY_PACKAGES[own] ?? [], specifier)) return `${own} may not import ${specifier}`;
  return found.dynamic ? undefined : `${own} may import ${specifier} only lazily, by import("…")`;
}

function checkRelativeImport(from: SourceFile, specifier: string): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(from.path), specifier));
  const own = packageOf(from.path);
  if (packageOf(target) !== own) return `reaches into ${target}: import a package's entry by its name`;
  const fromDomain = domainOf(from.path);
  const toDomain = domainOf(target);
  if (fromDomain === undefined || toDomain === undefined || fromDomain === toDomain || isTest(from.path))
    return undefined;
  if (allows(DOMAINS[fromDomain] ?? DOMAIN_DEFAULT, toDomain)) return undefined;
  if (allows(PORTS[fromDomain], toDomain) && PORT_FILE.test(target)) return undefined;
  return `core/${fromDomain} may not import core/${toDomain} (${specifier})`;
}

/** Every import in `files` that the table forbids, as `path: reason`. Scripts are not part of the product. */
export function forbiddenImports(files: SourceFile[]): string[] {
  const looked = files.filter((file) => isCode(file.path) && /^(packages|e2e|bench|examples)\//.test(file.path));
  return looked.flatMap((file) =>
    importsOf(file.text).flatMap((found) => {
      const workspace = /^(@sluice\/|sluice(\/|$))/.test(found.specifier);
      const relative = found.specifier.startsWith(".");
      const reason = workspace
        ? checkWorkspaceImport(file, found)
        : relative
          ? checkRelativeImport(file, found.specifier)
          : undefined;
      return reason === undefined ? [] : [`${file.path}: ${reason}`];
    }),
  );
}
