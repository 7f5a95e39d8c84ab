// The commands around a server: help, finding it, backup, restore, doctor, init.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataFolder } from "@sluice/core/store/sqlite";
import { cleanEnv, commandsIn, main, readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-cli-admin-"));
const project = join(work, "shop");
const { run, json, text, fails } = commandsIn(project);
let server: Running;
let url: string;

beforeAll(async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { workflow } from "sluice";

export const double = workflow({ name: "double" }, async (ctx, n: number) => await ctx.step("double", () => n * 2));
`,
  });
  server = startSluice(["up", "--project", project, "--port", "0", "--json"]);
  ({ url } = await readyLine(server));
});

afterAll(async () => {
  await stop(server);
  rmSync(work, { recursive: true, force: true });
});

describe("help", () => {
  const groups = {
    "": "up dev init run runs events approve schedule queue triggers state step-cache user token worker build logs metrics cache term secret versions keys services breakers audit backup restore store cluster migrate doctor".split(
      " ",
    ),
    runs: [
      "list",
      "show",
      "cancel",
      "retry",
      "pause",
      "resume",
      "fork",
      "delete",
      "erase",
      "watch",
      "bulk",
      "export",
      "import",
    ],
    cache: ["stats", "gc", "why"],
    term: ["open", "attach", "recordings", "play", "export", "serve", "list", "kill"],
    events: ["send", "list"],
    approve: ["list", "decide", "show", "delegate", "comment"],
    schedule: ["list", "show", "pause", "resume", "run"],
    queue: ["list", "pause", "resume"],
    triggers: ["list", "show", "pause", "resume", "run", "test", "deliveries", "delivery", "redeliver"],
    "step-cache": ["list", "clear"],
    migrate: ["cronflow"],
    state: ["list", "get", "set", "delete"],
    user: ["create", "list", "password", "disable", "enable"],
    token: ["create", "list", "revoke"],
    worker: ["list", "drain", "remove"],
    logs: ["query", "tail", "ship", "delete", "archive", "archives", "restore", "verify"],
    metrics: ["list", "report", "query"],
    secret: ["set", "list", "remove", "rotate"],
    versions: ["list", "move", "drain"],
    build: ["graph", "affected", "watch", "explain"],
    cluster: [
      "add",
      "list",
      "status",
      "component",
      "plan",
      "approve",
      "apply",
      "undo",
      "drift",
      "bootstrap",
      "mesh",
      "recovery",
      "failover",
      "drill",
    ],
    "cluster recovery": ["add", "list", "check"],
    "cluster failover": ["plan", "show", "approve", "begin", "review"],
    "cluster mesh": ["status", "analyze", "upgrade", "canary"],
    "cluster component": ["add", "list", "show", "health"],
    keys: ["list", "rotate", "erase"],
    services: ["list"],
    breakers: ["list", "reset"],
    audit: ["list", "verify", "export"],
  };

  test("names every command", async () => {
    for (const [group, names] of Object.entries(groups)) {
      const prefix = group === "" ? [] : group.split(" ");
      const { stdout, exitCode } = await run([...prefix, "--help"]);
      expect(exitCode).toBe(0);
      const listed = Array.from(
        stdout
          .slice(stdout.indexOf("Commands:"))
          .replace(/^Examples?:[^]*/m, "")
          .matchAll(/^ {2}([a-z-]+)/gm),
        (match) => match[1],
      );
      expect(listed.filter((name) => name !== "help")).toEqual(names);
    }
  }, 60_000);

  test.each([
    [[]],
    [["frob"]],
    [["runs"]],
    [["runs", "frob"]],
    [["runs", "show"]],
    [["runs", "list", "--frob"]],
    [["run", "double", "--priority", "high"]],
  ])("%j is used wrongly: exit 2", async (args) => {
    const ran = await run(args);
    expect([ran.exitCode, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).not.toBe("");
  });

  test("--version", async () => {
    expect(await run(["--version"])).toMatchObject({ exitCode: 0, stdout: "0.1.0\n" });
  });
});

describe("a reader that goes before the end", () => {
  test("ends the command, without a word", async () => {
    const child = Bun.spawn(
      [
        "bash",
        "-c",
        '"$0" "$@" | true; echo "${PIPESTATUS[0]}"',
        process.execPath,
        main,
        "audit",
        "list",
        "--project",
        project,
      ],
      { env: cleanEnv(), stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    );
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect([stdout.trim(), stderr]).toEqual(["1", ""]);
  });
});

describe("which server", () => {
  test("--url and SLUICE_URL name it, --token and SLUICE_TOKEN open it, and a project's folder does both", async () => {
    const elsewhere = { cwd: work };
    const token = readFileSync(join(project, ".sluice/keys/token"), "utf8").trim();
    expect((await sluice(["runs", "list", "--url", url, "--token", token], elsewhere)).exitCode).toBe(0);
    expect(
      (await sluice(["runs", "list"], { ...elsewhere, env: { SLUICE_URL: url, SLUICE_TOKEN: token } })).exitCode,
    ).toBe(0);
    expect((await sluice(["runs", "list", "--project", project], elsewhere)).exitCode).toBe(0);
    expect(
      (await sluice(["runs", "list"], { ...elsewhere, env: { SLUICE_DATA: join(project, ".sluice") } })).exitCode,
    ).toBe(0);
    const refused = await sluice(["runs", "list", "--url", url, "--json"], elsewhere);
    const nobody = JSON.parse(refused.stdout).error;
    expect([refused.exitCode, nobody.code]).toEqual([1, "unauthorized"]);
    expect(nobody.hint).toContain("--project");
    const wrong = await sluice(["runs", "list", "--url", url, "--token", "wrong", "--json"], elsewhere);
    expect(JSON.parse(wrong.stdout).error.hint).not.toContain("--project");
  });

  test("one that does not answer, and what is no URL", async () => {
    const free = Bun.serve({ port: 0, fetch: () => new Response("hello") });
    const other = await sluice(["runs", "list", "--url", `http://127.0.0.1:${free.port}`, "--json"]);
    expect(other.exitCode).toBe(1);
    const gone = `http://127.0.0.1:${free.port}`;
    await free.stop(true);
    const ran = await sluice(["runs", "list", "--url", gone, "--json"]);
    expect([ran.exitCode, JSON.parse(ran.stdout).error]).toEqual([
      1,
      expect.objectContaining({ code: "unavailable", message: `There is no answer at ${gone}.` }),
    ]);
    expect((await sluice(["runs", "list", "--url", "localhost"])).exitCode).toBe(2);
  });
});

describe("backup, restore and doctor", () => {
  test("a backup of the running server is restored into another folder, where the runs are as they were", async () => {
    const { run: done } = await json("run", "double", "--input", "50", "--wait");
    const large = await json("run", "double", "--input", JSON.stringify("x".repeat(100_000)));
    const file = join(work, "backup.tar");
    expect(await json("backup", file)).toMatchObject({ file, bytes: expect.any(Number) });
    expect(await fails("backup", file)).toMatchObject({
      code: 2,
      error: { message: expect.stringContaining("exists already") },
    });
    const data = join(work, "restored");
    expect(await json("restore", file, "--data", data)).toMatchObject({ data, blobs: expect.any(Number) });
    const copy = startSluice(["up", "--project", project, "--data", data, "--port", "0", "--json"]);
    await readyLine(copy);
    const shown = await json("runs", "show", done.id, "--data", data);
    expect(shown.run.output).toBe(100);
    expect((await json("runs", "show", large.run.id, "--data", data)).run.input).toHaveLength(100_000);
    expect(await stop(copy)).toBe(0);
  }, 30_000);

  test("restore finds the server that runs over the folder, which keeps its token, and text says what was done", async () => {
    const file = join(work, "running.tar");
    await json("backup", file);
    const { run: later } = await json("run", "double", "--input", "7", "--wait");
    const said = await text("restore", file);
    expect(said).toMatch(
      /^Restored the backup of \S+ \(\d+ runs\) into http:\S+\.\nWhat was there before is in before-restore-/,
    );
    expect(said).toContain(`into ${url}.`);
    expect(await fails("runs", "show", later.id)).toMatchObject({ error: { code: "run_not_found" } });
    expect((await json("run", "double", "--input", "8", "--wait")).run.output).toBe(16);
  });

  test("a folder on the command line is restored into whatever server the environment names", async () => {
    const file = join(work, "folder.tar");
    await json("backup", file);
    const data = join(work, "named");
    const env = { SLUICE_URL: url, SLUICE_TOKEN: "of another server" };
    const ran = await run(["restore", file, "--data", data, "--json"], { env });
    expect(JSON.parse(ran.stdout)).toMatchObject({ data });
    expect((await run(["restore", file, "--json"], { env })).stdout).toContain('"unauthorized"');
  });

  test("restore refuses a folder that another program has open, and a file that is no whole backup; the folder stays as it is", async () => {
    const file = join(work, "whole.tar");
    await json("backup", file);
    const data = join(work, "kept");
    const held = await openDataFolder({ folder: data });
    expect(await fails("restore", file, "--data", data)).toMatchObject({
      code: 1,
      error: { code: "data_folder_locked", message: expect.stringContaining(`(${process.pid})`) },
    });
    await held.release();
    await json("restore", file, "--data", data);
    const before = readdirSync(data).toSorted();
    writeFileSync(join(work, "cut.tar"), readFileSync(file));
    truncateSync(join(work, "cut.tar"), 20_000);
    for (const wrong of ["cut.tar", "shop/workflows/shop.ts", "nowhere.tar"]) {
      const ran = await fails("restore", join(work, wrong), "--data", data);
      expect([wrong, ran.error.code]).toEqual([wrong, "invalid_config"]);
    }
    expect(readdirSync(data).toSorted()).toEqual(before);
    const again = await json("restore", file, "--data", data);
    expect(existsSync(join(again.before, "state.db"))).toBe(true);
  });

  test("doctor looks at the project, the folder and the server, and exits 1 when something is wrong", async () => {
    const sound = await json("doctor");
    expect(sound).toMatchObject({ ok: true });
    const names = sound.checks.map((check: { name: string }) => check.name);
    expect(names).toEqual([
      "bun",
      "sqlite",
      "files",
      "data",
      "server",
      "disk",
      "token",
      "fsync",
      "clock",
      "project",
      "ready",
      "deployment",
      "workers",
    ]);
    const broken = join(work, "broken");
    writeProject(broken, {
      "workflows/a.ts": "export const a = ;\n",
      ".sluice/state.db": "this is no database\n".repeat(100),
    });
    const ran = await run(["doctor", "--project", broken]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/FAILED {2}database: /);
    expect(ran.stdout).toContain("FAILED  project: workflows/a.ts:1:18: Unexpected ;");
    expect(readFileSync(join(broken, ".sluice/state.db"), "utf8")).toStartWith("this is no database");
  });
});

test("init makes a project that runs", async () => {
  const made = await sluice(["init", "fresh", "--json"], { cwd: work });
  expect(JSON.parse(made.stdout)).toMatchObject({
    files: ["workflows/hello.ts", "package.json", "tsconfig.json", ".gitignore"],
  });
  const fresh = startSluice(["up", "--port", "0", "--json"], { cwd: join(work, "fresh") });
  await readyLine(fresh);
  const ran = await sluice(["run", "hello", "--input", '{"name":"Ada"}', "--wait", "--json"], {
    cwd: join(work, "fresh"),
  });
  expect(JSON.parse(ran.stdout)).toMatchObject({ run: { output: "HELLO, ADA!" } });
  expect(await stop(fresh)).toBe(0);
  expect((await sluice(["init", "fresh"], { cwd: work })).exitCode).toBe(1);
}, 20_000);
