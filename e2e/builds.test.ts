// Builds by the shipped command: a workspace that Turborepo would build, built without any configuration of ours.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { besideWorkspaces, build, git, removeAll, removeWorkspaces, workspace, write } from "./builds-rig.ts";
import { sluice, startSluice } from "./cli-process.ts";
import type { Ran } from "./cli-process.ts";

afterEach(removeWorkspaces);
afterAll(removeAll);

interface Ended {
  readonly id: string;
  readonly status: string;
  readonly tasks: readonly {
    readonly id: string;
    readonly status: string;
    readonly cache: string;
    readonly hash: string;
    readonly durationMs: number;
  }[];
}

const ended = ({ stdout }: Ran): Ended => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Ended;
const caches = (ran: Ran): Readonly<Record<string, string>> =>
  Object.fromEntries(ended(ran).tasks.map(({ id, cache }) => [id, cache]));

describe("sluice build", () => {
  test("executes what is new as a run, and nothing the second time", async () => {
    const root = workspace();
    const first = await sluice(["build", "--json"], { cwd: root });
    expect([first.exitCode, first.stderr]).toEqual([0, ""]);
    expect(ended(first)).toMatchObject({ id: expect.stringMatching(/^run_/), status: "completed" });
    expect(Object.keys(ended(first).tasks[0] ?? {})).toEqual(["id", "status", "cache", "hash", "durationMs"]);
    expect(caches(first)).toEqual({ "lib#build": "miss", "app#build": "miss" });
    const second = await sluice(["build", "--json"], { cwd: join(root, "packages/app") });
    expect(caches(second)).toEqual({ "lib#build": "hit", "app#build": "hit" });
    rmSync(join(root, "packages/app/dist"), { recursive: true });
    expect(caches(await sluice(["build", "--json"], { cwd: root }))).toEqual({
      "lib#build": "hit",
      "app#build": "hit",
    });
    expect(readFileSync(join(root, "packages/app/dist/out"), "utf8")).toBe("b\n");
  });

  test("shows what tasks write, now and when it comes from the cache, grouped or as lines", async () => {
    const root = workspace();
    const first = await sluice(["build"], { cwd: root });
    expect(first.stdout).toMatch(
      /app#build: done in \d+ ms\nbuilt app\nBuild completed: 2 of 2 completed, 0 from the cache/,
    );
    const again = await sluice(["build"], { cwd: root });
    expect(again.stdout).toContain("app#build: from the cache\nbuilt app\n");
    const lines = await sluice(["build", "--force", "--ui", "stream"], { cwd: root });
    expect(lines.stdout).toContain("app#build: built app\n");
    expect((await sluice(["build", "--output-logs", "hash-only"], { cwd: root })).stdout).not.toContain("built app");
    const github = await sluice(["build"], { cwd: root, env: { GITHUB_ACTIONS: "true" } });
    expect(github.stdout).toContain("::group::app#build: from the cache\nbuilt app\n::endgroup::\n");
  });

  test("does several tasks, also ones that are called like a command, and passes on what stands behind --", async () => {
    const root = workspace({
      "packages/lib/package.json": { name: "lib", scripts: { graph: "echo drawn", check: "printf '%s|'" } },
    });
    const ran = await sluice(["build", "check", "--task", "graph", "--json"], { cwd: root });
    expect(
      ended(ran)
        .tasks.map(({ id }) => id)
        .filter((id) => id.startsWith("lib")),
    ).toEqual(["lib#check", "lib#graph"]);
    expect((await sluice(["build", "check", "--", "one", "it's"], { cwd: root })).stdout).toContain("one|it's|");
  });

  test("exits with 1 when a task fails, and says which and why", async () => {
    const root = workspace({ "packages/lib/package.json": { name: "lib", scripts: { build: "echo wrong; exit 4" } } });
    const ran = await sluice(["build"], { cwd: root });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain("lib#build failed: it exited with code 4");
    expect(ran.stdout).toContain("wrong\n");
    expect(ran.stdout).toContain("Build failed: 0 of 2 completed, 0 from the cache, 1 failed, 1 skipped");
    const json = await sluice(["build", "--json", "--continue"], { cwd: root });
    expect(json.exitCode).toBe(1);
    expect(ended(json)).toMatchObject({
      status: "failed",
      tasks: [
        { id: "lib#build", status: "failed" },
        { id: "app#build", status: "completed" },
      ],
    });
  });

  test.each([
    [["build", "nothing"], "There is no task nothing"],
    [["build", "--filter", "nobody"], 'No package fits "nobody".'],
    [["build", "--project", "no-such-folder"], "A file or folder could not be used"],
    [["build", "--shard", "3/2"], "--shard takes one of n parts"],
    [["build", "--concurrency", "x"], "--concurrency takes a number"],
    [["build", "--dry", "xml"], "--dry takes json"],
    [["build", "explain", "nobody#build"], "There is no task nobody#build"],
  ])("exits with 2 for %j", async (args, message) => {
    const ran = await sluice(args, { cwd: workspace() });
    expect([ran.exitCode, ran.stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test("exits with 2 for a file that is wrong, and names file, line and key", async () => {
    const ran = await sluice(["build"], {
      cwd: workspace({ "turbo.json": '{\n  "tasks": {\n    "build": { "cache": "yes" }\n  }\n}' }),
    });
    expect(ran).toMatchObject({
      exitCode: 2,
      stderr: "sluice: turbo.json:3: tasks.build.cache is neither true nor false.\n",
    });
  });

  test("says what it would do, and does nothing", async () => {
    const root = workspace();
    const dry = await sluice(["build", "--dry=json"], { cwd: root });
    const { tasks } = JSON.parse(dry.stdout) as {
      readonly tasks: readonly { readonly taskId: string; readonly cache: { readonly status: string } }[];
    };
    expect(tasks.map(({ taskId, cache }) => [taskId, cache.status])).toEqual([
      ["app#build", "MISS"],
      ["lib#build", "MISS"],
    ]);
    expect(existsSync(join(root, "packages/lib/dist"))).toBe(false);
    expect((await sluice(["build", "--dry"], { cwd: root })).stdout).toContain("to be executed");
    expect((await sluice(["build", "graph"], { cwd: root })).stdout).toContain('"app#build" -> "lib#build"');
    expect(JSON.parse((await sluice(["build", "graph", "--json"], { cwd: root })).stdout)).toEqual({
      tasks: [
        { id: "lib#build", dependencies: [] },
        { id: "app#build", dependencies: ["lib#build"] },
      ],
    });
    await sluice(["build", "--graph", "g.html"], { cwd: root });
    expect(readFileSync(join(root, "g.html"), "utf8")).toStartWith("<!doctype html>");
  });

  test("writes when what ran, and a summary", async () => {
    const root = workspace();
    await sluice(["build", "--profile", "trace.json", "--summarize"], { cwd: root });
    const trace = JSON.parse(readFileSync(join(root, "trace.json"), "utf8")) as {
      readonly traceEvents: readonly { readonly name: string }[];
    };
    expect(trace.traceEvents.map(({ name }) => name)).toEqual(["lib#build", "app#build"]);
    expect(JSON.parse(readFileSync(join(root, ".sluice/builds/summary.json"), "utf8"))).toMatchObject({
      execution: { success: 2, cached: 0 },
    });
  });

  test("builds the parts that it is told to: by name, by change, by shard", async () => {
    const root = workspace();
    git(root, "init", "-q");
    git(root, "add", ".");
    git(root, "commit", "-qm", "all");
    const built = async (...args: readonly string[]): Promise<readonly string[]> =>
      (
        JSON.parse((await sluice(["build", "graph", "--json", ...args], { cwd: root })).stdout) as {
          readonly tasks: readonly { readonly id: string }[];
        }
      ).tasks.map(({ id }) => id);
    expect(await built("--filter", "lib")).toEqual(["lib#build"]);
    expect(await built("--affected")).toEqual([]);
    write(root, { "packages/app/src/new": "" });
    expect(await built("--affected", "--only")).toEqual(["app#build"]);
    expect((await sluice(["build", "affected"], { cwd: root })).stdout).toBe("app\n");
    const shards = await Promise.all(
      ["1/2", "2/2"].map(async (shard) =>
        ended(await sluice(["build", "--only", "--json", "--shard", shard], { cwd: root })).tasks.map(({ id }) => id),
      ),
    );
    expect(shards.flat().toSorted()).toEqual(["app#build", "lib#build"]);
  });

  test("explains why a task has to be executed, and why it had to be", async () => {
    const root = workspace();
    await sluice(["build"], { cwd: root });
    write(root, { "packages/app/src/b": "other\n" });
    const would = await sluice(["build", "explain", "app#build"], { cwd: root });
    expect(would.stdout).toMatch(
      /^app#build has to be executed\.\nCompared with \S+:\n {2}the file packages\/app\/src\/b changed\n$/,
    );
    await sluice(["build"], { cwd: root });
    const did = await sluice(["build", "explain", "app#build"], { cwd: root });
    expect(did.stdout).toMatch(
      /^app#build is up to date or in the cache \(\w+\)\.\nIt had to be executed, since compared with \S+:\n {2}the file packages\/app\/src\/b changed\n$/,
    );
    expect(JSON.parse((await sluice(["build", "explain", "app#build", "--json"], { cwd: root })).stdout)).toMatchObject(
      { isHit: true, changes: [{ kind: "file", how: "changed" }] },
    );
  });

  test("shares its cache with other worktrees of the repository", async () => {
    const root = workspace();
    git(root, "init", "-q");
    git(root, "add", ".");
    git(root, "commit", "-qm", "all");
    await sluice(["build"], { cwd: root });
    const other = besideWorkspaces("other");
    git(root, "worktree", "add", "-q", other);
    expect(caches(await sluice(["build", "--json"], { cwd: other }))).toEqual({
      "lib#build": "hit",
      "app#build": "hit",
    });
    expect(existsSync(join(other, ".sluice/cache"))).toBe(false);
  });

  test("leaves git alone where nobody had a data folder", async () => {
    const root = workspace({ ".gitignore": "dist\n" });
    git(root, "init", "-q");
    git(root, "add", ".");
    await sluice(["build"], { cwd: root });
    expect(
      spawnSync("git", ["status", "--short", "--untracked-files=all"], { cwd: root, encoding: "utf8" }).stdout,
    ).not.toContain(".sluice");
  });

  test("is a run whose journal names every task", async () => {
    const root = workspace();
    const { id } = ended(await sluice(["build", "--json"], { cwd: root }));
    // A server over a copy: what has been journaled is there for whoever looks.
    const data = join(root, "copy");
    cpSync(join(root, ".sluice/builds/engine"), data, { recursive: true });
    const server = startSluice(["up", "--project", root, "--data", data, "--port", "0", "--json"]);
    await server.until((text) => text.includes('"ready":true'));
    const shown = await sluice(["runs", "show", id, "--json", "--data", data, "--project", root]);
    server.kill("SIGTERM");
    await server.exited;
    expect(JSON.parse(shown.stdout)).toMatchObject({
      run: { id, status: "completed", workflow: "build.run" },
      steps: [{ name: "take from the cache" }, { name: "lib#build" }, { name: "app#build" }],
    });
  });
});

describe("a build that is killed", () => {
  /** Waits in `app` until a file is there; notes each time that `lib` is executed. */
  const waiting = {
    "turbo.json": { tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"], cache: false } } },
    "packages/lib/package.json": {
      name: "lib",
      main: "dist/out",
      scripts: { build: `${build} && echo x >> ../../executed` },
    },
    "packages/app/package.json": {
      name: "app",
      dependencies: { lib: "*" },
      scripts: {
        build: "echo waits; while [ ! -e ../../go ]; do sleep 0.05; done; mkdir -p dist; cp ../lib/dist/out dist/",
      },
    },
  };

  test("goes on as the same run: what was done is not done again", async () => {
    const root = workspace(waiting);
    const first = startSluice(["build", "--ui", "stream"], { cwd: root });
    const seen = await first.until((text) => text.includes("app#build: waits"));
    first.kill("SIGKILL");
    await first.exited;
    const [, id] = /This is run (\S+)\./.exec(seen) ?? [];
    write(root, { go: "" });
    const again = await sluice(["build", "--json"], { cwd: root });
    expect(ended(again)).toMatchObject({ id, status: "completed" });
    expect(readFileSync(join(root, "executed"), "utf8")).toBe("x\n");
    expect(readFileSync(join(root, "packages/app/dist/out"), "utf8")).toBe("a\n");
  });

  test.skipIf(!existsSync("/proc/self/stat"))("has what it left running ended by the next one", async () => {
    const left = { name: "app", scripts: { build: "echo waits; [ -e ../../go ] && exit 0; sleep 1000; echo late" } };
    const root = workspace({ ...waiting, "packages/app/package.json": left });
    // Tests run with `--no-orphans`, which Bun hands on: what is killed here would take its task along.
    const env = { BUN_FEATURE_FLAG_NO_ORPHANS: "0" };
    const first = startSluice(["build", "--ui", "stream", "--filter", "app"], { cwd: root, env });
    await first.until((text) => text.includes("app#build: waits"));
    first.kill("SIGKILL");
    await first.exited;
    const own = (): readonly string[] =>
      readdirSync("/proc").filter((pid) => {
        try {
          return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === join(root, "packages/app");
        } catch {
          return false;
        }
      });
    expect(own().length).toBeGreaterThan(0);
    write(root, { go: "" });
    expect((await sluice(["build", "--filter", "app"], { cwd: root })).exitCode).toBe(0);
    while (own().length > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  test("is another build once what it builds from has changed", async () => {
    const root = workspace(waiting);
    const first = startSluice(["build", "--ui", "stream"], { cwd: root });
    const seen = await first.until((text) => text.includes("app#build: waits"));
    first.kill("SIGKILL");
    await first.exited;
    const [, id] = /This is run (\S+)\./.exec(seen) ?? [];
    write(root, { go: "", "packages/lib/src/a": "changed\n" });
    const again = await sluice(["build", "--json"], { cwd: root });
    expect(ended(again).id).not.toBe(id ?? "");
    expect(readFileSync(join(root, "packages/app/dist/out"), "utf8")).toBe("changed\n");
  });

  test("by SIGINT ends its tasks and exits with 130", async () => {
    const root = workspace(waiting);
    const running = startSluice(["build", "--ui", "stream"], { cwd: root });
    await running.until((text) => text.includes("app#build: waits"));
    running.kill("SIGINT");
    expect(await running.exited).toBe(130);
    expect(running.stdout()).toContain("1 cancelled");
    expect(readdirSync(join(root, "packages/app"))).not.toContain("dist");
  });
});
