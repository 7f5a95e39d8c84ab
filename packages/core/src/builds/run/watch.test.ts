// Builds again whenever something changes: told by the test, or by the file system.
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ok } from "../../kernel/result.ts";
import { runnerOf } from "../build.ts";
import { machineChanges } from "../machine/changes.ts";
import type { BuildRecords } from "../records/records.ts";
import { Rig } from "../rig.suite.ts";
import type { Tree } from "../rig.suite.ts";
import { watchBuild } from "./watch.ts";
import { Services } from "./services.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const after = (delayMs: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};

const dev = (name: string): string => `echo ${name} begins >> ../../${name}.log; exec sleep 1000`;
const tree: Tree = {
  "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
  ".gitignore": "dist\n*.log\n",
  "turbo.json": {
    tasks: {
      build: { dependsOn: ["^build"], outputs: ["dist/**"] },
      dev: { dependsOn: ["build"], persistent: true, cache: false, interruptible: true },
    },
  },
  "packages/lib/package.json": {
    name: "lib",
    main: "dist/out",
    scripts: { build: "mkdir -p dist && cat src/* > dist/out" },
  },
  "packages/lib/src/a": "a\n",
  "packages/app/package.json": {
    name: "app",
    dependencies: { lib: "*" },
    scripts: { build: "mkdir -p dist && cat ../lib/dist/out src/* > dist/out", dev: dev("app") },
  },
  "packages/app/src/b": "b\n",
  "packages/other/package.json": { name: "other", scripts: { dev: dev("other") } },
  "packages/other/src/c": "c\n",
};

interface Watched {
  readonly rig: Rig;
  /** Ids of what was executed, build by build. */
  readonly builds: (readonly string[])[];
  /** Waits until so many builds are over. */
  over(count: number): Promise<void>;
  readonly remarks: string[];
  stop(): Promise<void>;
}

async function watched(tasks: readonly string[], more: Tree = {}): Promise<Watched> {
  const rig = new Rig({ ...tree, ...more });
  rigs.push(rig);
  const stop = new AbortController();
  const builds: (readonly string[])[] = [];
  const remarks: string[] = [];
  const waiting: (() => void)[] = [];
  const told = (): void => {
    for (const tell of waiting.splice(0)) tell();
  };
  const opened: BuildRecords[] = [];
  const done = watchBuild(
    {
      plan: async () => {
        try {
          const plan = await rig.plan({ tasks });
          opened.push(plan.records);
          return ok(plan);
        } catch (error) {
          return { ok: false, error: { code: "invalid_config", message: String(error) } };
        }
      },
      runnerFor: (made, services) => runnerOf(made, { ...rig.runnerGround(), services }),
      services: (run, serviceOf) =>
        new Services({ ...rig.runnerGround(), serviceOf, run, started: () => undefined, output: () => undefined }),
      changes: machineChanges(rig.root, after),
      continuing: "never",
      planned: () => undefined,
      ended: () => undefined,
      built: (outcomes) => {
        builds.push(outcomes.flatMap(({ id, cache }) => (cache === "miss" ? [id] : [])));
        told();
      },
      remark: (text) => {
        remarks.push(text);
        told();
      },
    },
    stop.signal,
  );
  return {
    rig,
    builds,
    remarks,
    async over(count) {
      while (builds.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    async stop() {
      stop.abort();
      await done;
      for (const records of opened) records.close();
    },
  };
}

async function lines(file: string, count: number): Promise<number> {
  for (;;) {
    const found = existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
    if (found >= count) return found;
    await new Promise((resolve) => after(10, () => resolve(undefined)));
  }
}

describe("a watch", () => {
  test("builds what changed and what depends on it, and begins anew what lasts only where its key is another", async () => {
    const watch = await watched(["build", "dev"]);
    await watch.over(1);
    expect(watch.builds[0]).toEqual(["lib#build", "app#build"]);
    const [app, other] = [join(watch.rig.root, "app.log"), join(watch.rig.root, "other.log")];
    expect([await lines(app, 1), await lines(other, 1)]).toEqual([1, 1]);
    watch.rig.write({ "packages/app/src/b": "changed\n" });
    await watch.over(2);
    expect(watch.builds[1]).toEqual(["app#build"]);
    expect(await lines(app, 2)).toBe(2);
    watch.rig.write({ "packages/lib/src/a": "changed\n" });
    await watch.over(3);
    expect(watch.builds[2]).toEqual(["lib#build", "app#build"]);
    expect([await lines(app, 3), await lines(other, 1)]).toEqual([3, 1]);
    await watch.stop();
  });

  test("goes on after a task that failed, and after a file that was wrong", async () => {
    const fails = { name: "lib", main: "dist/out", scripts: { build: "exit 1" } };
    const watch = await watched(["build"], { "packages/lib/package.json": fails });
    await watch.over(1);
    expect(watch.builds[0]).toEqual(["lib#build"]);
    watch.rig.write({ "turbo.json": "{" });
    while (watch.remarks.length === 0)
      await watch.over(0).then(() => new Promise((resolve) => after(10, () => resolve(undefined))));
    expect(watch.remarks[0]).toContain("turbo.json");
    watch.rig.write(tree);
    while (!watch.builds.some((ids) => ids.includes("app#build"))) await watch.over(watch.builds.length + 1);
    expect(readFileSync(join(watch.rig.root, "packages/app/dist/out"), "utf8")).toBe("a\nb\n");
    await watch.stop();
  });
});
