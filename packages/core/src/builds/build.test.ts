// Builds from the request to what is on the disk afterwards.
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gitIn, Rig, smallWorkspace } from "./rig.suite.ts";
import type { Tree } from "./rig.suite.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

function rigOf(tree: Tree = smallWorkspace()): Rig {
  const rig = new Rig(tree);
  rigs.push(rig);
  return rig;
}

describe("a build", () => {
  test("executes what it depends on first, and nothing the second time", async () => {
    const rig = rigOf();
    const first = await rig.build();
    expect(first.executed).toEqual(["lib#build", "app#build"]);
    expect(first.outcomes.map(({ status, cache }) => [status, cache])).toEqual([
      ["completed", "miss"],
      ["completed", "miss"],
    ]);
    const made = readFileSync(join(rig.root, "packages/app/dist/out.js"), "utf8");
    expect(made).toBe("export const b = 2;\nexport const a = 1;\n");
    const second = await rig.build();
    expect(second.executed).toEqual([]);
    expect(second.outcomes.map(({ cache }) => cache)).toEqual(["hit", "hit"]);
    expect(second.outcomes.map(({ hash }) => hash)).toEqual(first.outcomes.map(({ hash }) => hash));
    expect(second.logs).toEqual(first.logs);
  });

  test("puts back from the cache what was deleted, byte for byte", async () => {
    const rig = rigOf();
    await rig.build();
    const made = readFileSync(join(rig.root, "packages/app/dist/out.js"));
    rmSync(join(rig.root, "packages/app/dist"), { recursive: true });
    const again = await rig.build();
    expect(again.executed).toEqual([]);
    expect(readFileSync(join(rig.root, "packages/app/dist/out.js"))).toEqual(made);
  });

  test("takes everything from the cache on another machine", async () => {
    const rig = rigOf();
    const first = await rig.build();
    const other = new Rig(smallWorkspace(), rig.cache);
    rigs.push(other);
    const there = await other.build();
    expect(there.executed).toEqual([]);
    expect(there.logs).toEqual(first.logs);
    expect(existsSync(join(other.root, "packages/app/dist/out.js"))).toBe(true);
  });

  test("executes anew what has changed, and what depends on it", async () => {
    const rig = rigOf();
    await rig.build();
    rig.write({ "packages/lib/src/a.js": "export const a = 3;\n" });
    expect((await rig.build()).executed).toEqual(["lib#build", "app#build"]);
    rig.write({ "packages/app/src/b.js": "export const b = 4;\n" });
    expect((await rig.build()).executed).toEqual(["app#build"]);
  });

  test("goes no further where outputs came out the same", async () => {
    const rig = rigOf();
    await rig.build();
    rig.write({ "packages/lib/README.md": "Changed, and not built.\n" });
    const again = await rig.build();
    expect(again.executed).toEqual(["lib#build"]);
    expect(again.of["app#build"]?.cache).toBe("hit");
  });

  test("goes on all the same where a package exports its source", async () => {
    const tree = smallWorkspace();
    const rig = rigOf({
      ...tree,
      "packages/lib/package.json": { ...(tree["packages/lib/package.json"] as object), exports: "./src/a.js" },
    });
    await rig.build();
    rig.write({ "packages/lib/README.md": "Changed, and not built.\n" });
    expect((await rig.build()).executed).toEqual(["lib#build", "app#build"]);
  });

  test("follows what outputs lead to, past a package whose own stayed the same", async () => {
    const tree = smallWorkspace();
    const via = {
      name: "via",
      version: "1.0.0",
      main: "dist/out.js",
      dependencies: { lib: "*" },
      scripts: { build: "mkdir -p dist && echo 'require(lib)' > dist/out.js" },
    };
    const app = {
      name: "app",
      version: "1.0.0",
      dependencies: { via: "*" },
      scripts: { build: "mkdir -p dist && cat ../via/dist/out.js ../lib/dist/out.js > dist/out.js" },
    };
    const rig = rigOf({ ...tree, "packages/via/package.json": via, "packages/app/package.json": app });
    await rig.build();
    rig.write({ "packages/lib/src/a.js": "export const a = 3;\n" });
    expect((await rig.build()).executed).toEqual(["lib#build", "via#build", "app#build"]);
    expect(readFileSync(join(rig.root, "packages/app/dist/out.js"), "utf8")).toContain("a = 3");
  });

  test("notices an edit that keeps size and time", async () => {
    const rig = rigOf();
    await rig.build();
    const file = join(rig.root, "packages/app/src/b.js");
    const { atime, mtime } = statSync(file);
    writeFileSync(file, "export const b = 9;\n");
    utimesSync(file, atime, mtime);
    expect((await rig.build()).executed).toEqual(["app#build"]);
  });

  test("does not keep a task whose inputs changed while it ran", async () => {
    const tree = smallWorkspace();
    const app = {
      name: "app",
      version: "1.0.0",
      scripts: { build: "mkdir -p dist && cat src/*.js > dist/out.js && echo late >> src/b.js" },
    };
    const rig = rigOf({ ...tree, "packages/app/package.json": app });
    const first = await rig.build({ filters: ["app"] });
    expect(first.of["app#build"]).toMatchObject({
      status: "completed",
      why: "not kept: packages/app/src/b.js changed while it ran",
    });
    expect(rig.cache.results.size).toBe(0);
    expect((await rig.build({ filters: ["app"] })).executed).toEqual(["app#build"]);
  });

  test("has the same keys for equal content, committed, dirty, untracked or without git", async () => {
    const rig = rigOf();
    rig.write({ ".gitignore": "dist/\n" });
    const hashes = async (): Promise<readonly string[]> => {
      rig.forget();
      return (await rig.build()).outcomes.map(({ hash }) => hash);
    };
    const without = await hashes();
    gitIn(rig.root, "init", "-q");
    expect(await hashes()).toEqual(without);
    gitIn(rig.root, "add", ".");
    gitIn(rig.root, "commit", "-qm", "all");
    expect(await hashes()).toEqual(without);
    rig.write({ "packages/lib/src/a.js": "other\n" });
    gitIn(rig.root, "commit", "-qam", "other");
    rig.write({ "packages/lib/src/a.js": "export const a = 1;\n" });
    expect(await hashes()).toEqual(without);
  });
});

describe("a task", () => {
  const one = (
    scripts: Readonly<Record<string, string>>,
    task: object = { outputs: ["dist/**"] },
    more: Tree = {},
  ): Tree => ({
    "package.json": { name: "one", version: "1.0.0", packageManager: "npm@10.2.0", scripts },
    "turbo.json": { tasks: { build: task } },
    ...more,
  });

  test("that fails ends the build, and nothing of it is kept", async () => {
    const tree = smallWorkspace();
    const rig = rigOf({
      ...tree,
      "packages/lib/package.json": { name: "lib", version: "1.0.0", scripts: { build: "echo broken; exit 3" } },
    });
    const built = await rig.build();
    expect(built.of["lib#build"]).toMatchObject({ status: "failed", exitCode: 3, why: "it exited with code 3" });
    expect(built.of["app#build"]).toMatchObject({ status: "skipped", why: "lib#build failed" });
    expect(built.logs["lib#build"]).toBe("broken\n");
    expect(rig.cache.results.size).toBe(0);
  });

  test("that does not depend on a failed one is done where one goes on", async () => {
    const tree = smallWorkspace();
    const more = {
      "packages/lib/package.json": { name: "lib", scripts: { build: "exit 1" } },
      "packages/other/package.json": { name: "other", scripts: { build: "sleep 0.1; echo other" } },
    };
    const rig = rigOf({ ...tree, ...more });
    const built = await rig.build({ continuing: "dependencies-successful", concurrency: 1 });
    expect(Object.fromEntries(built.outcomes.map(({ id, status }) => [id, status]))).toEqual({
      "lib#build": "failed",
      "app#build": "skipped",
      "other#build": "completed",
    });
    const always = await rig.build({ continuing: "always" });
    expect(always.executed).toContain("app#build");
    expect(always.of["app#build"]?.status).toBe("failed");
  });

  test("gets what it declares of the environment, and nothing else", async () => {
    const rig = rigOf(one({ build: "echo $SEEN-$HIDDEN-$PASSED" }, { env: ["SEEN"], passThroughEnv: ["PASSED"] }));
    const env = { ...process.env, SEEN: "1", HIDDEN: "2", PASSED: "3" };
    const first = await rig.build({ env });
    expect(first.logs["//#build"]).toBe("1--3\n");
    expect((await rig.build({ env: { ...env, HIDDEN: "4", PASSED: "5" } })).executed).toEqual([]);
    expect((await rig.build({ env: { ...env, SEEN: "6" } })).executed).toEqual(["//#build"]);
    expect((await rig.build({ env, envMode: "loose" })).logs["//#build"]).toBe("1-2-3\n");
  });

  test("is done as the package manager would: what stands before and after, variables, programs of the package", async () => {
    const program = '#!/bin/sh\necho "$npm_lifecycle_event $npm_package_name $npm_package_version $1"\n';
    const rig = rigOf(
      one(
        { prebuild: "echo before", build: "tool x", postbuild: "echo after" },
        {},
        { "node_modules/.bin/tool": program },
      ),
    );
    Bun.spawnSync(["chmod", "+x", join(rig.root, "node_modules/.bin/tool")]);
    expect((await rig.build()).logs["//#build"]).toBe("before\nbuild one 1.0.0 x\nafter\n");
    expect((await rig.build({ args: ["it's", "two"] })).logs["//#build"]).toContain("build one");
  });

  test("leaves only what it made this time: what it left before goes, what git tracks stays", async () => {
    const rig = rigOf(
      one(
        { build: "mkdir -p dist && cp src/* dist/" },
        { outputs: ["dist/**"] },
        { "src/a": "1", "src/b": "2", "dist/tracked": "t" },
      ),
    );
    gitIn(rig.root, "init", "-q");
    gitIn(rig.root, "add", "-f", "dist/tracked", "src", "package.json", "turbo.json");
    gitIn(rig.root, "commit", "-qm", "all");
    await rig.build();
    rmSync(join(rig.root, "src/b"));
    await rig.build();
    expect(existsSync(join(rig.root, "dist/b"))).toBe(false);
    expect(readFileSync(join(rig.root, "dist/tracked"), "utf8")).toBe("t");
    rig.write({ "src/b": "2" });
    expect((await rig.build()).executed).toEqual([]);
    expect(readFileSync(join(rig.root, "dist/b"), "utf8")).toBe("2");
    rmSync(join(rig.root, "src/b"));
    expect((await rig.build()).executed).toEqual([]);
    expect(existsSync(join(rig.root, "dist/b"))).toBe(false);
  });

  test("keeps links, modes and empty folders", async () => {
    const rig = rigOf(one({ build: "mkdir -p dist/empty && echo x > dist/p && chmod 755 dist/p && ln -s p dist/l" }));
    await rig.build();
    rmSync(join(rig.root, "dist"), { recursive: true });
    expect((await rig.build()).executed).toEqual([]);
    expect(statSync(join(rig.root, "dist/p")).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(rig.root, "dist/l"), "utf8")).toBe("x\n");
    expect(statSync(join(rig.root, "dist/empty")).isDirectory()).toBe(true);
  });
});
