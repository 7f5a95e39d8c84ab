// Tells packages with native code from others: their binaries cannot be part of a bundle.
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";

interface PackageManifest {
  readonly gypfile?: unknown;
  readonly binary?: unknown;
  readonly napi?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const loaders = new Set([
  "bindings",
  "node-gyp-build",
  "prebuild-install",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "node-addon-api",
]);
const platformPackage = /(?:linux|darwin|win32)-(?:x64|arm64|ia32)/;
const known = new Map<string, boolean>();

/** True when `specifier`, a bare name imported by `importer`, belongs to a package with native code. */
export function isNative(specifier: string, importer: string, project: string): boolean {
  const name = packageName(specifier);
  if (builtinModules.includes(name) || name === "bun") return false;
  const from = importer.startsWith("/") ? dirname(importer) : project;
  const home = findPackage(name, from);
  if (home === undefined) return false;
  const answer = known.get(home) ?? looksNative(home);
  known.set(home, answer);
  return answer;
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const home = join(folder, "node_modules", name);
    if (existsSync(join(home, "package.json"))) return home;
    if (dirname(folder) === folder) return undefined;
  }
}

function looksNative(home: string): boolean {
  if (existsSync(join(home, "binding.gyp"))) return true;
  const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as PackageManifest;
  if (manifest.gypfile === true || manifest.binary !== undefined || manifest.napi !== undefined) return true;
  const dependencies = Object.keys(manifest.dependencies ?? {});
  if (dependencies.some((name) => loaders.has(name))) return true;
  return Object.keys(manifest.optionalDependencies ?? {}).some((name) => platformPackage.test(name));
}
