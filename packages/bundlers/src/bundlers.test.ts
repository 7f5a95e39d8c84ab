import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { BundleContext, BundleResult } from "./bundle.ts";
import { bundlers } from "./index.ts";
import { OneAtATime } from "./one-at-a-time.ts";

// In this folder, so that a project finds the bundlers that are installed here.
const projects = mkdtempSync(join(import.meta.dir, "../.projects-"));
afterAll(() => rmSync(projects, { recursive: true, force: true }));

const files = {
  "package.json": `{ "name": "shop", "type": "module" }`,
  "src/main.js": `import { price } from "./price.js";\nimport("./pages/late.js").then(({ late }) => console.log(late));\nconsole.log(price(2), VERSION);\n`,
  "src/price.js": `export const price = (count) => count * 21;\n`,
  "src/pages/late.js": `export const late = "later";\n`,
  "src/pages/about.js": `import { price } from "../price.js";\nconsole.log("about", price(1));\n`,
};

/** Written, and longer ago than the tick that a bundle waits for before it believes the time of a file. */
async function write(root: string, given: Readonly<Record<string, string>>): Promise<void> {
  let last = 0;
  for (const [path, text] of Object.entries(given)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    last = statSync(join(root, path)).ctimeMs;
  }
  while (Date.now() - last < 20) await new Promise(setImmediate);
}

async function project(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = mkdtempSync(join(projects, "p-"));
  await write(root, { ...files, ...more });
  return root;
}

const contextOf = (more: Partial<BundleContext> = {}): BundleContext => ({
  entrypoints: ["src/main.js"],
  outdir: "dist",
  target: "node",
  define: { VERSION: `"1.2.3"` },
  ...more,
});

const output = (...command: string[]): string => Bun.spawnSync(command).stdout.toString();
const pathsOf = (result: BundleResult): readonly string[] => result.artifacts.map(({ path }) => path);

describe.each(["bun", "esbuild", "vite", "webpack"] as const)("%s", (name) => {
  test("makes what runs, and says the hash of each artifact", async () => {
    const root = await project();
    const adapter = bundlers({ root })[name];
    expect(await adapter.isAvailable()).toBeTrue();
    expect(adapter.version).toMatch(/^\d+\.\d+\.\d+/);
    const result = await adapter.build(contextOf({ minify: true }));
    expect(result.errors).toEqual([]);
    expect(result).toMatchObject({ success: true, buildId: expect.stringMatching(/^[\da-f-]{36}$/) });
    for (const { path, size_bytes, hash, blob } of result.artifacts) {
      const bytes = readFileSync(join(root, "dist", path));
      expect({ size: bytes.length, hash: createHash("sha256").update(bytes).digest("hex"), blob }).toEqual({
        size: size_bytes,
        hash,
        blob: null,
      });
    }
    expect(pathsOf(result)).toEqual(["main.js"]);
    expect(output(process.execPath, join(root, "dist/main.js"))).toBe("42 1.2.3\nlater\n");
  });

  test("shares code among entries where it is to, and names artifacts by their content", async () => {
    const root = await project();
    const adapter = bundlers({ root })[name];
    const entrypoints = ["src/main.js", "src/pages/about.js"];
    const naming = { entry: "[dir]/[name]-[hash]", chunk: "chunks/[name]-[hash]" };
    const shared = await adapter.build(contextOf({ entrypoints, splitting: true, sourcemap: "linked", naming }));
    expect(shared.errors).toEqual([]);
    const main = pathsOf(shared).find((path) => /^main-[\w-]{6,}\.js$/.test(path));
    const about = pathsOf(shared).find((path) => /^pages\/about-[\w-]{6,}\.js$/.test(path));
    expect(pathsOf(shared).some((path) => /^chunks\/.+\.js$/.test(path))).toBeTrue();
    expect(pathsOf(shared)).toContain(`${main}.map`);
    expect(readFileSync(join(root, "dist", main ?? ""), "utf8")).toContain("sourceMappingURL=");
    expect(output(process.execPath, join(root, "dist", main ?? ""))).toBe("42 1.2.3\nlater\n");
    expect(output(process.execPath, join(root, "dist", about ?? ""))).toBe("about 21\n");
    const apart = await adapter.build(contextOf({ entrypoints, sourcemap: "none" }));
    expect(pathsOf(apart)).toEqual(["main.js", "pages/about.js"]);
    // What the bundle before put there is gone.
    expect(readdirSync(join(root, "dist")).toSorted()).toEqual([".sluice-bundle.json", "chunks", "main.js", "pages"]);
    expect(readdirSync(join(root, "dist/chunks"))).toEqual([]);
  });

  test("says where the fault is, and leaves the artifacts of before", async () => {
    const root = await project();
    const adapter = bundlers({ root })[name];
    await adapter.build(contextOf());
    const before = readFileSync(join(root, "dist/main.js"), "utf8");
    await write(root, { "src/price.js": "export const a = 1;\nlet b = ;\n" });
    const syntax = await adapter.build(contextOf());
    expect(syntax).toMatchObject({ success: false, artifacts: [] });
    expect(syntax.errors[0]).toMatchObject({ code: "syntax_error", file: "src/price.js", line: 2, column: 9 });
    await write(root, { "src/price.js": `import "./nowhere.js";\nexport const price = 1;\n` });
    const missing = await adapter.build(contextOf());
    expect(missing.errors[0]).toMatchObject({ code: "not_found", file: "src/price.js", line: 1 });
    expect(missing.errors[0]?.message).toContain("./nowhere.js");
    expect(readFileSync(join(root, "dist/main.js"), "utf8")).toBe(before);
    expect(readdirSync(root).toSorted()).toEqual(["dist", "node_modules", "package.json", "src"]);
  });

  test("does not make again what has not changed, and measures what that saved", async () => {
    const root = await project();
    const adapter = bundlers({ root })[name];
    const first = await adapter.build(contextOf());
    expect(first.metrics.cache).toMatchObject({ files_checked: 0, time_saved_ms: 0 });
    const again = await adapter.build(contextOf());
    expect(again.artifacts).toEqual(first.artifacts);
    expect(again.metrics.phases).toMatchObject({ build_ms: 0, post_build_ms: 0 });
    const { files_checked, cache_hits, cache_misses, hit_ratio, time_saved_ms } = again.metrics.cache;
    expect([cache_misses, hit_ratio]).toEqual([0, 1]);
    expect(files_checked).toBe(cache_hits);
    expect(files_checked).toBeGreaterThanOrEqual(4);
    expect(time_saved_ms).toBeLessThan(first.metrics.phases.build_ms);
    // The same bytes, written anew.
    await write(root, { "src/price.js": files["src/price.js"] });
    expect((await adapter.build(contextOf())).metrics.cache.hit_ratio).toBe(1);
    await write(root, { "src/price.js": "export const price = (count) => count * 33;\n" });
    const changed = await adapter.build(contextOf());
    expect(changed.metrics.cache).toMatchObject({ cache_misses: 1, time_saved_ms: 0 });
    expect(output(process.execPath, join(root, "dist/main.js"))).toBe("66 1.2.3\nlater\n");
    // An artifact that somebody touched is made again.
    writeFileSync(join(root, "dist/main.js"), "nothing");
    await adapter.build(contextOf());
    expect(output(process.execPath, join(root, "dist/main.js"))).toBe("66 1.2.3\nlater\n");
  });

  test("watches what it was made of, and goes on after a fault", async () => {
    const root = await project();
    const adapter = bundlers({ root })[name];
    const results: BundleResult[] = [];
    let told = (): void => undefined;
    const stop = await adapter.watch(contextOf(), (result) => {
      results.push(result);
      told();
    });
    const until = async (is: (result: BundleResult) => boolean): Promise<void> => {
      for (let last = results.at(-1); last === undefined || !is(last); last = results.at(-1))
        await new Promise<void>((resolve) => (told = resolve));
    };
    await until(({ success }) => success);
    await write(root, { "src/pages/late.js": "export const late = ;\n" });
    await until(({ success }) => !success);
    await write(root, { "src/pages/late.js": `export const late = "mended";\n` });
    await until(({ success }) => success);
    expect(output(process.execPath, join(root, "dist/main.js"))).toBe("42 1.2.3\nmended\n");
    await stop();
    const count = results.length;
    await write(root, { "src/pages/late.js": `export const late = "unseen";\n` });
    expect((await adapter.build(contextOf())).success).toBeTrue();
    expect(results).toHaveLength(count);
  });

  test("keeps imports that are to stay, and other formats", async () => {
    const root = await project({ "src/cjs.js": `import { sep } from "node:path";\nexport const found = sep;\n` });
    const adapter = bundlers({ root })[name];
    const cjs = await adapter.build(contextOf({ entrypoints: ["src/cjs.js"], format: "cjs", external: ["node:path"] }));
    expect(cjs.errors).toEqual([]);
    await write(root, { "dist/package.json": "{}", "use.cjs": `console.log(require("./dist/cjs.js").found);` });
    expect(output("node", join(root, "use.cjs"))).toBe("/\n");
    const iife = await adapter.build(
      contextOf({ entrypoints: ["src/pages/about.js"], format: "iife", target: "browser" }),
    );
    expect(iife.errors).toEqual([]);
    // A classic script: no module.
    await write(root, { "script.cjs": readFileSync(join(root, "dist/about.js"), "utf8") });
    expect(output("node", join(root, "script.cjs"))).toBe("about 21\n");
  });

  test("measures time, memory and bytes", async () => {
    const root = await project();
    const adapter = bundlers({ root })[name];
    const { metrics, duration_ms } = await adapter.build(contextOf());
    const { pre_build_ms, build_ms, post_build_ms } = metrics.phases;
    expect(build_ms).toBeGreaterThan(0);
    expect(post_build_ms).toBeGreaterThan(0);
    expect(metrics.queue_wait_ms + pre_build_ms + build_ms + post_build_ms).toBeLessThanOrEqual(duration_ms + 1);
    expect(metrics.resources.peak_memory_mb).toBeGreaterThan(10);
    expect(metrics.resources.io_read_mb).toBeGreaterThan(0);
    expect(metrics.resources.io_write_mb).toBeGreaterThan(0);
    expect(metrics.resources.avg_cpu_percent).toBeGreaterThan(0);
  });
});

describe("an adapter", () => {
  test("keeps artifacts where it is told to, and makes them again for a place that has none", async () => {
    const root = await project();
    const { bun } = bundlers({ root });
    await bun.build(contextOf());
    const kept = new Map<string, Uint8Array>();
    const store = {
      put: (bytes: Uint8Array, hash: string) => Promise.resolve((kept.set(hash, bytes), `sha256:${hash}`)),
    };
    const [artifact] = (await bundlers({ root, store }).bun.build(contextOf())).artifacts;
    expect(artifact?.blob).toBe(`sha256:${artifact?.hash}`);
    expect(kept.get(artifact?.hash ?? "")?.length).toBe(artifact?.size_bytes ?? 0);
  });

  test("makes one bundle at a time, and says how long one waited", async () => {
    const root = await project();
    const turns = new OneAtATime();
    const taken = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    void turns.run(() => (taken.resolve(), free.promise));
    await taken.promise;
    const from = performance.now();
    const waiting = bundlers({ root, turns }).bun.build(contextOf());
    while (performance.now() - from < 5) await new Promise(setImmediate);
    free.resolve();
    const { metrics } = await waiting;
    expect(metrics.queue_wait_ms).toBeGreaterThanOrEqual(4);
    expect(metrics.total_duration_ms).toBeGreaterThanOrEqual(metrics.queue_wait_ms);
  });

  test("sees a file that now stands before another, and a setting", async () => {
    const root = await project({
      "src/main.js": `import { where } from "./where";\nconsole.log(where);\n`,
      "src/where/index.js": `export const where = "folder";\n`,
    });
    const { bun } = bundlers({ root });
    const run = (): string => output(process.execPath, join(root, "dist/main.js"));
    await bun.build(contextOf());
    expect(run()).toBe("folder\n");
    await write(root, { "src/where.js": `export const where = "file";\n` });
    await bun.build(contextOf());
    expect(run()).toBe("file\n");
    await write(root, {
      "src/main.js": `import { where } from "thing";\nconsole.log(where);\n`,
      "tsconfig.json": `{ "compilerOptions": { "paths": { "thing": ["./src/where.js"] } } }`,
    });
    await bun.build(contextOf());
    expect(run()).toBe("file\n");
    await write(root, { "tsconfig.json": `{ "compilerOptions": { "paths": { "thing": ["./src/where/index.js"] } } }` });
    await bun.build(contextOf());
    expect(run()).toBe("folder\n");
  });

  test("with plugins bundles each time", async () => {
    const root = await project();
    const { bun } = bundlers({ root });
    let calls = 0;
    const plugin = { name: "counts", setup: () => void calls++ };
    await bun.build(contextOf({ plugins: [plugin] }));
    const again = await bun.build(contextOf({ plugins: [plugin] }));
    expect(calls).toBe(2);
    expect(again.metrics.phases.build_ms).toBeGreaterThan(0);
  });

  test("takes a configuration of the project's, beneath what it is asked for", async () => {
    const config = `export default { plugins: [{ name: "answers", resolveId: (id) => (id === "virtual" ? id : null), load: (id) => (id === "virtual" ? "export default 'from a plugin'" : null) }] };\n`;
    const root = await project({
      "vite.config.js": config,
      "src/main.js": `import text from "virtual";\nconsole.log(text);\n`,
    });
    const target = "browser";
    const { vite } = bundlers({ root });
    expect((await vite.build(contextOf({ target }))).errors[0]?.code).toBe("not_found");
    const { errors } = await vite.build(contextOf({ target, configFile: "vite.config.js" }));
    expect(errors).toEqual([]);
    expect(output(process.execPath, join(root, "dist/main.js"))).toBe("from a plugin\n");
  });

  test("is not there where the project has no such bundler", async () => {
    const root = mkdtempSync("/tmp/sluice-no-bundler-");
    try {
      await write(root, { "main.js": "console.log(1);\n" });
      const { vite } = bundlers({ root });
      expect([vite.version, await vite.isAvailable()]).toEqual([undefined, false]);
      const { errors } = await vite.build({ entrypoints: ["main.js"], outdir: "dist" });
      expect(errors).toMatchObject([
        { code: "not_available", message: expect.stringContaining("npm install --save-dev vite") },
      ]);
      expect(existsSync(join(root, "dist"))).toBeFalse();
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test("wants a project that is there", async () => {
    const { errors } = await bundlers({ root: join(projects, "nowhere") }).bun.build(contextOf());
    expect(errors).toMatchObject([{ code: "bad_context", message: expect.stringContaining("nowhere is no folder") }]);
  });

  test("says so when the artifacts cannot be placed", async () => {
    const root = await project({ dist: "a file, no folder" });
    const { bun } = bundlers({ root });
    const { success, errors } = await bun.build(contextOf());
    expect({ success, code: errors[0]?.code }).toEqual({ success: false, code: "bundle_failed" });
    expect(readdirSync(root).toSorted()).toEqual(["dist", "package.json", "src"]);
  });

  test("that is cancelled leaves nothing", async () => {
    const root = await project();
    const { bun } = bundlers({ root });
    const { success, errors } = await bun.build(contextOf({ signal: AbortSignal.abort() }));
    expect({ success, code: errors[0]?.code }).toEqual({ success: false, code: "cancelled" });
    expect(existsSync(join(root, "dist"))).toBeFalse();
  });

  const mistakes: [string, Partial<BundleContext>, string, string][] = [
    ["no entrypoint", { entrypoints: [] }, "bad_context", "nothing to bundle"],
    ["an entrypoint that is not there", { entrypoints: ["src/no.js"] }, "not_found", "src/no.js"],
    ["an entrypoint outside", { entrypoints: ["../p.js"] }, "bad_context", "outside root"],
    ["an outdir outside", { outdir: "../dist" }, "bad_context", "inside root"],
    ["the root as outdir", { outdir: "." }, "bad_context", "inside root"],
    ["an outdir with sources", { outdir: "src" }, "bad_context", "holds the entrypoint src/main.js"],
    ["a target that is none", { target: "deno" as "node" }, "bad_context", "browser, bun, node"],
    ["a format that is none", { format: "amd" as "esm" }, "bad_context", "esm, cjs, iife"],
    ["splitting without modules", { splitting: true, format: "iife" }, "bad_context", "esm, not iife"],
    ["a name that climbs out", { naming: { entry: "../[name]" } }, "bad_context", "inside outdir"],
    ["a name without a name", { naming: { chunk: "[hash]" } }, "bad_context", "naming.chunk has to name [name]"],
    ["a token that is none", { naming: { asset: "[name].[ext]" } }, "bad_context", "not [ext]"],
    ["two artifacts of one name", { entrypoints: ["src/main.js", "src/main.ts"] }, "not_found", "src/main.ts"],
    ["a configuration that is not there", { configFile: "vite.config.ts" }, "not_found", "vite.config.ts"],
  ];

  test.each(mistakes)("refuses what makes no bundle: %s", async (_what, more, code, words) => {
    const root = await project();
    const { bun } = bundlers({ root });
    const { success, errors, artifacts } = await bun.build(contextOf(more));
    expect({ success, artifacts }).toEqual({ success: false, artifacts: [] });
    expect(errors[0]).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(existsSync(join(root, "dist"))).toBeFalse();
  });
});
