// Builds of a workspace over which a server runs: each is a run of that server, shown by it, gone on with and ended through it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Ran, Running } from "./cli-process.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-served-e2e-"));
let server: Running;
let url = "";
let token = "";

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
}

beforeAll(async () => {
  const build = "mkdir -p dist && cat src/* > dist/out";
  write("package.json", { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" });
  write("turbo.json", {
    tasks: {
      build: { dependsOn: ["^build"], outputs: ["dist/**"] },
      wait: { dependsOn: ["note"], cache: false },
      note: { cache: false },
    },
  });
  write("packages/lib/package.json", {
    name: "lib",
    main: "dist/out",
    scripts: {
      build: `${build} && echo made lib`,
      note: "echo x >> ../../noted",
      wait: "echo waits; while [ ! -e ../../go ]; do sleep 0.05; done",
    },
  });
  write("packages/lib/src/a", "a\n");
  write("packages/app/package.json", {
    name: "app",
    dependencies: { lib: "*" },
    scripts: { build: `${build} && echo made app` },
  });
  write("packages/app/src/b", "b\n");
  server = startSluice(["up", "--project", root, "--port", "0", "--json"]);
  ({ url } = await readyLine(server));
  token = readFileSync(join(root, ".sluice/keys/token"), "utf8").trim();
});
afterAll(async () => {
  await stop(server);
  rmSync(root, { recursive: true, force: true });
});

// eslint-disable-next-line typescript/no-explicit-any -- bodies of every form
async function get(path: string): Promise<any> {
  const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
  return response.json();
}

const ended = ({ stdout }: Ran): { readonly id: string; readonly status: string } =>
  JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as never;

/** A build that waits in its second task, once it waits. */
async function waiting(): Promise<{ readonly running: Running; readonly id: string }> {
  const running = startSluice(["build", "wait", "--ui", "stream"], { cwd: root });
  const seen = await running.until((text) => text.includes("lib#wait: waits"));
  return { running, id: /This is run (\S+)[.,]/.exec(seen)?.[1] ?? "" };
}

describe("a build where a server runs", () => {
  test("is a run of it, whose tasks say what became of them, what they wrote and why they were executed", async () => {
    const first = await sluice(["build", "--json"], { cwd: join(root, "packages/app") });
    expect([first.exitCode, first.stderr]).toEqual([0, ""]);
    const { id } = ended(first);
    expect((await get(`/runs/${id}`)).run).toMatchObject({ workflow: "build.run", status: "completed" });
    const { builds } = await get("/builds");
    expect(builds).toMatchObject([{ id, kind: "workspace", root, target: "build", status: "completed", total: 2 }]);
    expect((await get(`/builds/${id}/tasks`)).tasks).toMatchObject([
      { id: "lib#build", status: "completed", cache: "miss", dependencies: [], exitCode: 0 },
      { id: "app#build", status: "completed", cache: "miss", dependencies: ["lib#build"] },
    ]);
    const { lines, cut } = await get(`/builds/${id}/tasks/${encodeURIComponent("app#build")}/log`);
    expect([lines.map(({ text }: { readonly text: string }) => text), cut]).toEqual([["made app"], false]);

    write("packages/app/src/b", "other\n");
    const second = ended(await sluice(["build", "--json"], { cwd: root }));
    expect((await get(`/builds/${second.id}/tasks`)).tasks).toMatchObject([
      { id: "lib#build", cache: "hit", reasons: null },
      { id: "app#build", cache: "miss", reasons: ["the file packages/app/src/b changed"] },
    ]);
    const replayed = await get(`/builds/${second.id}/tasks/${encodeURIComponent("lib#build")}/log`);
    expect(replayed.lines).toMatchObject([{ text: "made lib" }]);
  });

  test("is a run also where nothing has to be executed", async () => {
    await sluice(["build"], { cwd: root });
    const { id } = ended(await sluice(["build", "--json"], { cwd: root }));
    expect((await get(`/builds/${id}?wait=30s`)).build).toMatchObject({
      status: "completed",
      cache: { hits: 2, executed: 0 },
    });
  });

  test("goes on as the same run where it was killed, and does nothing twice", async () => {
    const { running, id } = await waiting();
    running.kill("SIGKILL");
    await running.exited;
    write("go", "");
    const again = await sluice(["build", "wait", "--json"], { cwd: root });
    rmSync(join(root, "go"));
    expect(ended(again)).toMatchObject({ id, status: "completed" });
    expect(readFileSync(join(root, "noted"), "utf8")).toBe("x\n");
  });

  test("shows what is being executed, and ends when the server is told to end it", async () => {
    const { running, id } = await waiting();
    // What the task writes may be seen before the server has heard that it began.
    for (;;) {
      const { tasks } = await get(`/builds/${id}/tasks`);
      const own = tasks.filter((task: { readonly package: string }) => task.package === "lib");
      if (own[1].status === "queued") continue;
      expect(own).toMatchObject([
        { id: "lib#note", status: "completed" },
        { id: "lib#wait", status: "running", startedAt: expect.any(Number) },
      ]);
      break;
    }
    await fetch(`${url}/api/v1/builds/${id}/cancel`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{}",
    });
    expect(await running.exited).toBe(130);
    expect((await get(`/builds/${id}`)).build).toMatchObject({ status: "cancelled" });
  });

  test("is done by itself, with a word about it, where the server does not take it", async () => {
    const env = { SLUICE_URL: url, SLUICE_TOKEN: "nobody" };
    const ran = await sluice(["build", "--json"], { cwd: root, env });
    expect(ran.exitCode).toBe(0);
    expect(ran.stderr).toContain(`The server at ${url} takes no part in this build`);
  });
});
