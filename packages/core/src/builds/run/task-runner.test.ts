// One task: what is said of it, and what is kept. Whole builds are in `build.test.ts`.
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MemoryCache } from "../memory-cache.suite.ts";
import type { ActionResult } from "../ports.ts";
import { Rig } from "../rig.suite.ts";
import type { Tree } from "../rig.suite.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

function rigOf(
  script: string,
  task: object = { outputs: ["dist/**"] },
  cache = new MemoryCache(),
  more: Tree = {},
): Rig {
  const rig = new Rig(
    {
      "package.json": { name: "one", packageManager: "npm@10.2.0", scripts: { build: script } },
      "turbo.json": { tasks: { build: task } },
      ...more,
    },
    cache,
  );
  rigs.push(rig);
  return rig;
}

describe("a task", () => {
  test("whose program is not there fails with words", async () => {
    const built = await rigOf("no-such-program").build();
    expect(built.of["//#build"]).toMatchObject({
      status: "failed",
      exitCode: 127,
      why: expect.stringContaining("no-such-program cannot be started"),
    });
  });

  test("that is killed fails, and says by what", async () => {
    expect((await rigOf("kill -9 $$; true").build()).of["//#build"]).toMatchObject({
      status: "failed",
      why: "it was ended by SIGKILL",
    });
  });

  test("whose outputs lead out of its package is not begun", async () => {
    const rig = rigOf("echo > ../climbed", { outputs: ["../**"] });
    expect((await rig.build()).of["//#build"]).toMatchObject({
      status: "failed",
      why: 'its output "../**" leads out of the package',
    });
    expect(existsSync(join(rig.root, "../climbed"))).toBe(false);
  });

  test("that is never cached is done each time, and gives what it left", async () => {
    const tree: Tree = {
      "package.json": { name: "r", workspaces: ["*"], packageManager: "npm@10.2.0" },
      "turbo.json": {
        tasks: {
          build: { dependsOn: ["^build"], outputs: ["dist/**"] },
          "lib#build": { outputs: ["dist/**"], cache: false },
        },
      },
      "lib/package.json": { name: "lib", main: "dist/x", scripts: { build: "mkdir -p dist && cat $SOURCE > dist/x" } },
      "app/package.json": { name: "app", dependencies: { lib: "*" }, scripts: { build: "cat ../lib/dist/x" } },
    };
    const rig = new Rig({
      ...tree,
      "turbo.json": { globalPassThroughEnv: ["SOURCE"], ...(tree["turbo.json"] as object) },
    });
    rigs.push(rig);
    rig.write({ "one.txt": "1", "two.txt": "2" });
    const env = (SOURCE: string) => ({ env: { ...process.env, SOURCE: join(rig.root, SOURCE) } });
    expect((await rig.build(env("one.txt"))).executed).toEqual(["lib#build", "app#build"]);
    const again = await rig.build(env("one.txt"));
    expect(again.executed).toEqual(["lib#build"]);
    expect(again.of["lib#build"]?.cache).toBe("off");
    expect((await rig.build(env("two.txt"))).logs["app#build"]).toBe("2");
  });

  test("that is forced is done though it need not be", async () => {
    const rig = rigOf("echo x");
    await rig.build();
    expect((await rig.build({ force: true })).executed).toEqual(["//#build"]);
    expect((await rig.build()).executed).toEqual([]);
  });

  test("that the cache does not take is done, and says so; the next build takes it from where it is", async () => {
    class Full extends MemoryCache {
      override async commit(_result: ActionResult): Promise<"incomplete"> {
        return "incomplete";
      }
    }
    const rig = rigOf("mkdir -p dist && echo x > dist/x", { outputs: ["dist/**"] }, new Full());
    expect((await rig.build()).of["//#build"]).toMatchObject({
      status: "completed",
      why: "not kept: the cache did not take it",
    });
    expect((await rig.build()).executed).toEqual([]);
  });

  test("of which the cache has lost a blob is done anew", async () => {
    const rig = rigOf("mkdir -p dist && echo x > dist/x");
    await rig.build();
    rig.forget();
    rig.cache.blobs.clear();
    expect((await rig.build()).executed).toEqual(["//#build"]);
    expect(readFileSync(join(rig.root, "dist/x"), "utf8")).toBe("x\n");
  });

  test("has its log replayed with every byte that it wrote, whatever they are", async () => {
    const rig = rigOf(String.raw`printf '\033[31mred\033[0m\n\r\0no end of line'`);
    const first = await rig.build();
    expect(first.logs["//#build"]).toBe("\u001b[31mred\u001b[0m\n\r\0no end of line");
    expect((await rig.build()).logs["//#build"]).toBe(first.logs["//#build"] ?? "");
    rig.forget();
    expect((await rig.build()).logs["//#build"]).toBe(first.logs["//#build"] ?? "");
  });

  test("that lasts for ever takes no room from others", async () => {
    const tree: Tree = {
      "package.json": { name: "r", workspaces: ["*"], packageManager: "npm@10.2.0" },
      "turbo.json": { tasks: { build: {}, serve: { persistent: true, cache: false } } },
      "a/package.json": { name: "a", scripts: { serve: "while [ ! -e ../b/done ]; do sleep 0.05; done" } },
      "b/package.json": { name: "b", scripts: { build: "touch done" } },
    };
    const rig = new Rig(tree);
    rigs.push(rig);
    const built = await rig.build({ tasks: ["serve", "build"], concurrency: 1 });
    expect(built.outcomes.every(({ status }) => status === "completed")).toBe(true);
  });
});
