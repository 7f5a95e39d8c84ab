// Builds what would be published, as tarballs in dist/: `sluice` (CLI and SDK) and `@sluice/sdk` alone. The code of
// the workspace's packages is bundled in, and their declarations are laid beside it, so that an install needs
// neither the workspace nor TypeScript.

import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { buildConsole } from "../packages/web/build.ts";
import { type Declarations, flattenDeclarations } from "./pack-declarations.ts";

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
}

interface Publishable {
  /** The workspace package that gives name and version. */
  home: string;
  description: string;
  /** Public subpaths and their sources. */
  entries: Record<string, string>;
  /** Sources that are started by URL rather than imported: each keeps its file name, beside the others. */
  started: string[];
  /** Folders copied as they are. */
  copied: string[];
  /** Carries the console beside its code. */
  console: boolean;
  bin: Record<string, string>;
}

const PUBLISHABLE: Publishable[] = [
  {
    home: "packages/cli",
    description: "A self-hosted operations engine: durable workflows in one process and one data folder",
    entries: {
      ".": "packages/cli/src/index.ts",
      "./cronflow": "packages/cli/src/cronflow.ts",
      "./cronflow/sdk": "packages/cli/src/cronflow-sdk.ts",
      "./precision": "packages/cli/src/precision.ts",
      "./testing": "packages/cli/src/testing.ts",
      "./services": "packages/cli/src/services.ts",
      "./bundler": "packages/cli/src/bundler.ts",
    },
    started: [
      "packages/cli/src/main.ts",
      "packages/cli/src/sluice-worker.ts",
      "packages/core/src/store/postgres/bridge-thread.ts",
      "packages/core/src/store/sqlite/reader-thread.ts",
      "packages/core/src/store/sqlite/writer-thread.ts",
      "packages/core/src/logs/storage/log-reader-thread.ts",
      "packages/core/src/logs/storage/log-writer-thread.ts",
      "packages/core/src/metrics/storage/metric-thread.ts",
      "packages/server/src/builds/build-child.ts",
      "packages/server/src/bundle-process.ts",
      "packages/server/src/terminals/holder/holder-process.ts",
      "packages/server/src/terminals/screen-thread.ts",
      "packages/server/src/value-thread.ts",
      "packages/worker/src/bun.ts",
    ],
    copied: ["bin"],
    console: true,
    bin: { sluice: "bin/sluice.mjs", "sluice-worker": "bin/sluice-worker.mjs" },
  },
  {
    home: "packages/sdk",
    description: "The Sluice SDK without the server: define workflows, connect to a running one",
    entries: { ".": "packages/sdk/src/index.ts" },
    started: [],
    copied: [],
    console: false,
    bin: {},
  },
];

/** Files that are begun by their own names, as threads or processes: each has to be beside the bundle. */
export const startedFiles: readonly string[] = PUBLISHABLE.flatMap(({ started }) => started);

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");

function readManifest(home: string): Manifest {
  return JSON.parse(readFileSync(join(root, home, "package.json"), "utf8")) as Manifest;
}

function stem(source: string): string {
  return source.slice(source.lastIndexOf("/") + 1).replace(/\.ts$/, "");
}

function run(command: string[], cwd: string): string {
  const child = Bun.spawnSync(command, { cwd, stderr: "pipe" });
  if (child.exitCode !== 0)
    throw new Error(`${command.join(" ")} failed:\n${child.stdout.toString()}${child.stderr.toString()}`);
  return child.stdout.toString();
}

/**
 * One bundle with shared chunks, so that a class is the same class in the CLI and in the workflows it loads. Built for
 * Node with Bun's own modules left out: what touches them loads on first use, the rest runs on both.
 */
async function bundle(sources: string[], outdir: string): Promise<void> {
  const result = await Bun.build({
    entrypoints: sources.map((source) => join(root, source)),
    outdir,
    target: "node",
    format: "esm",
    splitting: sources.length > 1,
    naming: { entry: "[name].js", chunk: "chunk-[hash].js" },
    external: ["bun", "bun:*"],
  });
  if (!result.success) throw new Error(result.logs.map((log) => log.message).join("\n"));
}

function emitDeclarations(entries: string[], outDir: string): void {
  const config = join(dist, "tsconfig.declarations.json");
  const compilerOptions = {
    noEmit: false,
    // `npm run check` has looked at the types; here they are only written down.
    noCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir,
    types: ["bun"],
    typeRoots: [join(root, "node_modules/@types")],
    // Reached through node_modules, a workspace package would count as foreign and nothing be written for it.
    paths: Object.fromEntries(Object.entries(workspaceEntries()).map(([name, source]) => [name, [join(root, source)]])),
  };
  const files = entries.map((entry) => join(root, entry));
  writeFileSync(config, JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files }));
  run([join(root, "node_modules/.bin/tsc"), "-p", config], root);
  rmSync(config);
}

/** The sources of the workspace's packages by the name they are imported by. */
function workspaceEntries(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const folder of readdirSync(join(root, "packages"))) {
    const manifest = readManifest(`packages/${folder}`) as Manifest & { exports?: Record<string, string> };
    for (const [subpath, source] of Object.entries(manifest.exports ?? {})) {
      found[manifest.name + subpath.slice(1)] = `packages/${folder}/${source.slice(2)}`;
    }
  }
  return found;
}

/** Versions of `names` as the workspace's packages ask for them. */
function versionsOf(names: string[]): Record<string, string> {
  const asked: Record<string, string> = {};
  for (const folder of readdirSync(join(root, "packages"))) {
    Object.assign(asked, readManifest(`packages/${folder}`).dependencies);
  }
  const pairs = names.toSorted().map((name) => {
    const version = asked[name];
    if (version === undefined) throw new Error(`the declarations need ${name}, which no package depends on`);
    return [name, version] as const;
  });
  return Object.fromEntries(pairs);
}

function writeManifest(item: Publishable, staging: string, types: Declarations): void {
  const { name, version } = readManifest(item.home);
  const exported = Object.entries(item.entries).map(([subpath, source]) => [
    subpath,
    { types: `./types/${types.entries[source]}`, default: `./dist/${stem(source)}.js` },
  ]);
  const needsBun = Object.keys(item.bin).length > 0;
  const manifest = {
    name,
    version,
    description: item.description,
    type: "module",
    exports: Object.fromEntries(exported) as Record<string, unknown>,
    ...(needsBun ? { bin: item.bin } : {}),
    files: ["bin", "dist", "types"],
    engines: { node: ">=20" },
    dependencies: versionsOf([...new Set([...types.packages, ...(needsBun ? ["bun"] : [])])]),
  };
  writeFileSync(join(staging, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The built console, without the maps to its sources. */
function copyConsole(to: string): void {
  cpSync(join(root, "packages/web/dist"), to, { recursive: true, filter: (path) => !path.endsWith(".map") });
}

async function pack(item: Publishable): Promise<string> {
  const { name } = readManifest(item.home);
  const staging = join(dist, name.replaceAll("/", "-").replace("@", ""));
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  for (const folder of item.copied) cpSync(join(root, item.home, folder), join(staging, folder), { recursive: true });
  for (const path of Object.values(item.bin)) chmodSync(join(staging, path), 0o755);
  if (existsSync(join(root, "README.md"))) cpSync(join(root, "README.md"), join(staging, "README.md"));
  const entries = Object.values(item.entries);
  await bundle([...entries, ...item.started], join(staging, "dist"));
  if (item.console) copyConsole(join(staging, "dist/console"));
  const emitted = join(staging, "emitted");
  emitDeclarations(entries, emitted);
  const types = flattenDeclarations({
    emitted,
    entries,
    workspace: workspaceEntries(),
    outdir: join(staging, "types"),
  });
  rmSync(emitted, { recursive: true });
  writeManifest(item, staging, types);
  const packed = run(["npm", "pack", "--silent", "--pack-destination", dist], staging).trim();
  return join(dist, packed.split("\n").at(-1) ?? "");
}

/** Builds every tarball and returns their paths, `sluice` first. */
export async function packAll(): Promise<string[]> {
  mkdirSync(dist, { recursive: true });
  await buildConsole({ ifStale: true });
  const tarballs: string[] = [];
  for (const item of PUBLISHABLE) tarballs.push(await pack(item));
  return tarballs;
}

if (import.meta.main) {
  for (const tarball of await packAll()) console.log(relative(root, tarball));
}
