// What is asked for, checked before any bundler sees it: a bundler that is asked for nonsense says so in its own way, or overwrites sources.
import { statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from "node:path";
import type { BundleContext, BundleErrorCode, BundleMessage, Naming } from "./bundle.ts";
import type { ToolOrder } from "./tool.ts";

export type Order = Omit<ToolOrder, "staging"> & { readonly outdir: string };
export type Checked = { readonly order: Order } | { readonly errors: readonly BundleMessage<BundleErrorCode>[] };

const targets = ["browser", "bun", "node"];
const formats = ["esm", "cjs", "iife"];
const sourcemaps = ["none", "linked", "inline", "external"];
const namingDefault: Required<Naming> = { entry: "[dir]/[name]", chunk: "[name]-[hash]", asset: "[name]-[hash]" };

/** The order with its defaults, or everything that is wrong with it. */
export function checkContext(root: string, context: BundleContext): Checked {
  const errors: BundleMessage<BundleErrorCode>[] = [];
  const wrong = (message: string, code: BundleErrorCode = "bad_context", file: string | null = null): void =>
    void errors.push({ code, message, file, line: null, column: null });
  const { target = "browser", format = "esm", splitting = false, sourcemap = "none" } = context;
  if (!isFolder(root)) {
    wrong(`${root} is no folder`);
    return { errors };
  }
  if (!targets.includes(target)) wrong(`target is one of ${targets.join(", ")}, not ${target}`);
  if (!formats.includes(format)) wrong(`format is one of ${formats.join(", ")}, not ${format}`);
  if (!sourcemaps.includes(sourcemap)) wrong(`sourcemap is one of ${sourcemaps.join(", ")}, not ${sourcemap}`);
  if (splitting && format !== "esm")
    wrong(`splitting makes modules that import each other: format is to be esm, not ${format}`);
  const naming = { ...namingDefault, ...context.naming };
  for (const [kind, pattern] of Object.entries(naming)) {
    const fault = faultOf(pattern, kind === "entry");
    if (fault !== undefined) wrong(`naming.${kind} ${fault}: ${pattern}`);
  }
  const files = context.entrypoints.map((path) => resolve(root, path));
  if (files.length === 0) wrong("entrypoints is empty: there is nothing to bundle");
  for (const [index, file] of files.entries()) {
    const given = context.entrypoints[index] ?? file;
    if (!isWithin(root, file)) wrong(`the entrypoint ${given} lies outside root`);
    else if (!isFile(file)) wrong(`there is no entrypoint ${given}`, "not_found", file);
  }
  const outdir = resolve(root, context.outdir);
  if (outdir === resolve(root) || !isWithin(root, outdir))
    wrong(`outdir is to be a folder inside root, not ${context.outdir}`);
  for (const file of files) if (isWithin(outdir, file)) wrong(`outdir holds the entrypoint ${relative(root, file)}`);
  const base = sharedFolder(files);
  const entries = new Map<string, string>();
  for (const file of new Set(files)) {
    const name = entryName(relative(base, file), naming.entry);
    if (entries.has(name))
      wrong(`two entrypoints would be the artifact ${name}: naming.entry needs [dir], and their names have to differ`);
    entries.set(name, file);
  }
  const configFile = context.configFile === undefined ? undefined : resolve(root, context.configFile);
  if (configFile !== undefined && !isFile(configFile))
    wrong(`there is no configFile ${context.configFile}`, "not_found", configFile);
  if (errors.length > 0) return { errors };
  const { minify = false, external = [], define = {}, plugins = [] } = context;
  return {
    order: {
      root,
      outdir,
      target,
      format,
      splitting,
      minify,
      sourcemap,
      external,
      define,
      plugins,
      configFile,
      entries,
      base,
      naming,
    },
  };
}

function faultOf(pattern: string, isEntry: boolean): string | undefined {
  const tokens: readonly string[] = pattern.match(/\[[^\]]*\]/g) ?? [];
  const known = isEntry ? ["[dir]", "[name]", "[hash]"] : ["[name]", "[hash]"];
  const other = tokens.find((token) => !known.includes(token));
  if (other !== undefined) return `knows ${known.join(", ")}, not ${other}`;
  if (!tokens.includes("[name]")) return "has to name [name]";
  if (tokens.includes("[dir]") && !pattern.includes("[dir]/[name]")) return "has [dir] right before /[name] only";
  return pattern.split("/").some((part) => part === ".." || part === "") || isAbsolute(pattern)
    ? "has to stay inside outdir"
    : undefined;
}

function entryName(path: string, pattern: string): string {
  const { dir, name } = parse(path);
  return pattern.includes("[dir]") && dir !== "" ? `${dir.split(sep).join("/")}/${name}` : name;
}

/** The deepest folder that holds all of them. */
function sharedFolder(files: readonly string[]): string {
  let shared = dirname(files[0] ?? sep);
  for (const file of files) while (!isWithin(shared, file)) shared = dirname(shared);
  return shared;
}

/** Whether a path lies in a folder, or is it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The path as the project knows it. */
export function shownPath(root: string, path: string): string {
  return isWithin(root, path) ? relative(root, path).split(sep).join("/") : path;
}

/** What the folder is called, at its beginning, that a bundle is made in. */
export const stagingName = ".sluice-bundle-";

export function isStaging(path: string): boolean {
  return basename(path).startsWith(stagingName);
}

/** Whether a path is where bundles are written, or remembered. */
export function isBuildOutput(order: Order, path: string): boolean {
  return isStaging(path) || isWithin(order.outdir, path) || isWithin(join(order.root, "node_modules", ".cache"), path);
}
