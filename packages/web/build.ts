// Builds the console into dist/: `bun packages/web/build.ts [--if-stale]`. Hashed names, one chunk a screen, every text
// precompressed, and manifest.json, which tells the server what there is and the tests how large it is.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildCss } from "./build-css.ts";
import { sourceStamp } from "./build-stamp.ts";

const home = import.meta.dir;

/** What the server and the tests know of a build. Sizes are bytes. */
export interface ConsoleManifest {
  /** Hash of the sources it was built from. */
  readonly stamp: string;
  /** By name below /assets/. */
  readonly files: Readonly<Record<string, ConsoleFile>>;
  /** What is loaded before anything is shown. */
  readonly initial: readonly string[];
  readonly initialScriptGzipBytes: number;
  /** What a screen needs beyond that, by where it is: `/runs` for the list, `/runs/` for everything below it. */
  readonly screens: Readonly<Record<string, readonly string[]>>;
}

interface ConsoleFile {
  readonly type: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly brotliBytes: number;
}

/** A build artifact before it is written. */
interface Asset {
  readonly name: string;
  readonly content: Uint8Array;
  readonly type: string;
}

interface Chunk {
  readonly imports?: readonly { readonly path: string; readonly kind: string }[];
  readonly entryPoint?: string;
}

interface Page {
  /** Entry of the page, relative to this package. */
  readonly entry: string;
  /** Receives the files; replaced as a whole. */
  readonly outdir: string;
}

const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  map: "application/json",
  svg: "image/svg+xml",
};

function hashOf(content: string | Uint8Array): string {
  return Bun.hash(content).toString(36).padStart(13, "0");
}

function typeOf(name: string): string {
  const type = types[name.slice(name.lastIndexOf(".") + 1)];
  if (type === undefined) throw new Error(`the build made ${name}, whose type is not known`);
  return type;
}

async function bundle(entry: string, define: Readonly<Record<string, string>>, split: boolean) {
  const result = await Bun.build({
    entrypoints: [join(home, entry)],
    target: "browser",
    format: split ? "esm" : "iife",
    splitting: split,
    minify: true,
    sourcemap: "linked",
    metafile: true,
    naming: { entry: "[name]-[hash].js", chunk: "[name]-[hash].js", asset: "[name]-[hash].[ext]" },
    define: { "process.env.NODE_ENV": '"production"', ...define },
  });
  if (!result.success) throw new Error(result.logs.map((log) => log.message).join("\n"));
  const assets: Asset[] = [];
  for (const output of result.outputs) {
    const name = output.path.replace(/^\.?\//, "");
    assets.push({ name, content: new Uint8Array(await output.arrayBuffer()), type: typeOf(name) });
  }
  const chunks = Object.entries((result.metafile?.outputs ?? {}) as Record<string, Chunk>);
  return { assets, chunks: new Map(chunks.map(([path, chunk]) => [path.replace(/^\.?\//, ""), chunk])) };
}

/** The pages that most visits begin with; the scripts of the others are asked for once the first one has run. */
const firstPages: Readonly<Record<string, string>> = {
  "/": "src/home/home-page.tsx",
  "/runs": "src/runs/runs-page.tsx",
  "/runs/": "src/runs/run-page.tsx",
  "/workflows": "src/workflows/workflows-page.tsx",
  "/workflows/": "src/workflows/workflow-page.tsx",
  "/approvals": "src/approvals/approvals-page.tsx",
  "/events": "src/events/events-page.tsx",
  "/schedules": "src/schedules/schedules-page.tsx",
  "/sign-in": "src/sign-in/sign-in-page.tsx",
};

/** Names of the entry and of everything it imports at once. */
function initialChunks(chunks: ReadonlyMap<string, Chunk>, source: string): string[] {
  const entry = [...chunks].find(([, chunk]) => chunk.entryPoint?.endsWith(source) ?? false);
  if (entry === undefined) throw new Error(`the build has no entry of ${source}`);
  const found = [entry[0]];
  for (const name of found) {
    for (const { path, kind } of chunks.get(name)?.imports ?? []) {
      const imported = path.replace(/^\.?\//, "");
      if (kind === "import-statement" && chunks.has(imported) && !found.includes(imported)) found.push(imported);
    }
  }
  return found;
}

function only(assets: readonly Asset[], extension: string): string {
  const found = assets.find((asset) => asset.name.endsWith(extension));
  if (found === undefined) throw new Error(`the build made no ${extension}`);
  return found.name;
}

/** The page: everything in it is external, so that its policy can forbid inline script. */
function pageOf(p: { head: string; css: string; initial: readonly string[]; icon: string }): string {
  const [entry = "", ...preloaded] = p.initial;
  const preloads = preloaded.map((name) => `    <link rel="modulepreload" href="/assets/${name}" />\n`).join("");
  return readFileSync(join(home, "src/index.html"), "utf8")
    .replace("/assets/head.js", `/assets/${p.head}`)
    .replace("/assets/main.css", `/assets/${p.css}`)
    .replace("/assets/icon.svg", `/assets/${p.icon}`)
    .replace("/assets/main.js", `/assets/${entry}`)
    .replace("    <!-- preloads -->\n", preloads);
}

function write(folder: string, asset: Asset): ConsoleFile {
  const { name, content, type } = asset;
  writeFileSync(join(folder, name), content);
  if (name.endsWith(".map")) return { type, bytes: content.length, gzipBytes: 0, brotliBytes: 0 };
  const gzip = gzipSync(content, { level: 9 });
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  writeFileSync(join(folder, `${name}.gz`), gzip);
  writeFileSync(join(folder, `${name}.br`), brotli);
  return { type, bytes: content.length, gzipBytes: gzip.length, brotliBytes: brotli.length };
}

/** Builds a page and returns what was written. Throws with the bundler's words when the sources do not build. */
export async function buildPage({ entry, outdir }: Page): Promise<ConsoleManifest> {
  const head = await bundle("src/shell/head.ts", {}, false);
  const worker = await bundle("src/ui/json-worker.ts", {}, false);
  const main = await bundle(entry, { JSON_WORKER_URL: JSON.stringify(`/assets/${only(worker.assets, ".js")}`) }, true);
  const css = new TextEncoder().encode(await buildCss(home, [...new Set(["src", dirname(entry)])]));
  const icon = readFileSync(join(home, "src/icon.svg"));
  const styles: Asset = { name: `main-${hashOf(css)}.css`, content: css, type: typeOf(".css") };
  const drawing: Asset = { name: `icon-${hashOf(icon)}.svg`, content: icon, type: typeOf(".svg") };
  const assets = [...head.assets, ...worker.assets, ...main.assets, styles, drawing];

  const building = `${outdir}.${process.pid}`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(join(building, "assets"), { recursive: true });
  const files = Object.fromEntries(assets.map((asset) => [asset.name, write(join(building, "assets"), asset)]));
  const scripts = initialChunks(main.chunks, entry);
  const headName = only(head.assets, ".js");
  const initial = [headName, styles.name, ...scripts];
  // The gallery of components has none of the console's screens.
  const pages = entry === "src/main.tsx" ? Object.entries(firstPages) : [];
  const screens = Object.fromEntries(
    pages.map(([path, source]) => [path, initialChunks(main.chunks, source).filter((name) => !scripts.includes(name))]),
  );
  const manifest: ConsoleManifest = {
    stamp: sourceStamp(home),
    files,
    initial,
    screens,
    initialScriptGzipBytes: [headName, ...scripts].reduce((sum, name) => sum + (files[name]?.gzipBytes ?? 0), 0),
  };
  const page = pageOf({ head: headName, css: styles.name, initial: scripts, icon: drawing.name });
  writeFileSync(join(building, "index.html"), page);
  writeFileSync(join(building, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  rmSync(outdir, { recursive: true, force: true });
  renameSync(building, outdir);
  return manifest;
}

/** The stamp of what is built already; undefined without a build. */
function builtStamp(outdir: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as ConsoleManifest).stamp;
  } catch {
    // No build, or half of one: either is made anew.
    return undefined;
  }
}

/** Builds the console into packages/web/dist. With `ifStale` only when its sources have changed since. */
export async function buildConsole({ ifStale }: { readonly ifStale: boolean }): Promise<ConsoleManifest | undefined> {
  const outdir = join(home, "dist");
  if (ifStale && builtStamp(outdir) === sourceStamp(home)) return undefined;
  return buildPage({ entry: "src/main.tsx", outdir });
}

if (import.meta.main) {
  const startedMs = performance.now();
  const manifest = await buildConsole({ ifStale: process.argv.includes("--if-stale") });
  if (manifest !== undefined) {
    const count = Object.keys(manifest.files).length;
    const kilobytes = (manifest.initialScriptGzipBytes / 1_000).toFixed(0);
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.log(`console: ${count} files, ${kilobytes} kB of initial script (gzip), built in ${seconds} s`);
  }
}
