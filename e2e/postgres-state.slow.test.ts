// A server whose runs are in PostgreSQL: killed again and again, moved there from a data folder and back, backed up and restored.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRounds } from "./kill-rounds.suite.ts";
import { aTurn, call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";
import { installPeers, peersInstallMs, startPostgres } from "./service-peers.suite.ts";
import type { PeerServer } from "./service-peers.suite.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installPeers();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

const cli = join(import.meta.dir, "../packages/cli/src/main.ts");
const project = {
  "workflows/job.ts": `
import { workflow } from "sluice";
export const job = workflow({ name: "job", tags: ["kept"] }, async (ctx, input: { size: number }) => {
  const doubled = await ctx.step("double", () => input.size * 2);
  return ctx.step("add", () => doubled + 1);
});
export const told = workflow({ name: "told" }, async (ctx) =>
  ctx.step("look", () => Object.keys(process.env).filter((name) => name === "SLUICE_STATE" || name === "SLUICE_TOKEN")));
export const waiting = workflow({ name: "waiting" }, async (ctx) => ctx.waitFor("word"));
`,
};

function sluice(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const ran = spawnSync(process.execPath, [cli, ...args], {
    encoding: "utf8",
    env: { ...process.env, SLUICE_TOKEN: token },
  });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

describe.skipIf(refusal !== undefined)("runs in PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-state-"));
  let peer: PeerServer | undefined;
  let admin: Bun.SQL | undefined;
  const databaseUrl = async (name: string): Promise<string> => {
    await admin?.unsafe(`CREATE DATABASE ${name}`);
    return (peer?.url ?? "").replace(/\/postgres$/, `/${name}`);
  };
  beforeAll(async () => {
    peer = await startPostgres();
    admin = new Bun.SQL({ url: peer.url, max: 1 });
    writeProject(join(folder, "project"), project);
  }, peersInstallMs);
  afterAll(async () => {
    await admin?.close();
    await peer?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (data: string, state?: string): Promise<ServerProcess> =>
    startServer({
      project: join(folder, "project"),
      data: join(folder, data),
      env: state === undefined ? {} : { SLUICE_STATE: state },
    });
  const runOf = async (
    server: ServerProcess,
    workflow: string,
    size: number,
  ): Promise<{ id: string; output?: unknown }> => {
    const wait = workflow === "waiting" ? "" : "?wait=20s";
    const started = await call<{ run: { id: string; output?: unknown } }>(
      server,
      `POST /api/v1/workflows/${workflow}/runs${wait}`,
      { input: { size } },
    );
    if (started === undefined) throw new Error("the server is gone");
    return started.body.run;
  };

  test("rounds of SIGKILL under load lose nothing acknowledged and execute nothing twice", async () => {
    await killRounds(5, 8_191, { SLUICE_STATE: await databaseUrl("killed") });
  });

  test("a database holds nothing in the data folder, and its URL reaches no worker", async () => {
    const server = await start("clean", await databaseUrl("clean"));
    expect((await runOf(server, "job", 20)).output).toBe(41);
    expect(existsSync(join(folder, "clean/state.db"))).toBe(false);
    expect((await runOf(server, "told", 0)).output).toEqual([]);
    await killAll(server);
  });

  test("everything moves there from a data folder, and back, and goes on where it was", async () => {
    const state = await databaseUrl("moved");
    const first = await start("before");
    const ended = await runOf(first, "job", 1);
    const waits = await runOf(first, "waiting", 1);
    first.process.kill("SIGTERM");
    await first.exited;
    const moved = sluice("store", "migrate", "--from", join(folder, "before"), "--to", state, "--json");
    expect({ ...moved, out: "" }).toEqual({ code: 0, out: "", err: "" });
    const { tables } = JSON.parse(moved.out) as { tables: readonly { name: string; rows: number; sha256: string }[] };
    expect(tables.find(({ name }) => name === "runs")).toMatchObject({ rows: 2, sha256: expect.any(String) });
    const again = sluice("store", "migrate", "--from", join(folder, "before"), "--to", state);
    expect(again.code).toBe(1);
    expect(again.err).toContain("has data of its own");

    const second = await start("before", state);
    expect((await call(second, `GET /api/v1/runs/${ended.id}`))?.body).toMatchObject({ run: { output: 3 } });
    const third = await runOf(second, "job", 2);
    await call(second, "POST /api/v1/events", { name: "word", payload: "there" });
    await until(second, waits.id);
    second.process.kill("SIGTERM");
    await second.exited;

    const back = sluice("store", "migrate", "--from", state, "--to", join(folder, "after"));
    expect(back).toMatchObject({ code: 0, err: "" });
    const last = await start("after");
    for (const [id, output] of [
      [ended.id, 3],
      [third.id, 5],
      [waits.id, "there"],
    ] as const)
      expect((await call(last, `GET /api/v1/runs/${id}`))?.body).toMatchObject({
        run: { status: "completed", output },
      });
    await killAll(last);
  });

  test("a backup of it is one like any other: it is restored into a data folder", async () => {
    const server = await start("backed", await databaseUrl("backed"));
    const run = await runOf(server, "job", 4);
    const file = join(folder, "backup.tar");
    expect(sluice("backup", file, "--url", server.url)).toMatchObject({ code: 0, err: "" });
    await killAll(server);
    expect(sluice("restore", file, "--data", join(folder, "restored"))).toMatchObject({ code: 0, err: "" });
    const restored = await start("restored");
    expect((await call(restored, `GET /api/v1/runs/${run.id}`))?.body).toMatchObject({ run: { output: 9 } });
    await killAll(restored);
  });

  test("the page about it can be followed", async () => {
    const state = await databaseUrl("paged");
    const page = readFileSync(join(import.meta.dir, "../docs/postgres.md"), "utf8");
    const cwd = join(folder, "project");
    const server = await startServer({ project: cwd, data: join(cwd, ".sluice") });
    const run = await runOf(server, "job", 3);
    server.process.kill("SIGTERM");
    await server.exited;
    const [up, ...moves] = [...page.matchAll(/^npx sluice (.+)$/gm)].map(([, line = ""]) => line);
    expect([up, moves.length]).toEqual(["up", 2]);
    for (const move of moves) {
      const args = move.replace(/postgres:\S+/, state).split(" ");
      const ran = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8", cwd });
      expect([args.slice(0, 2), ran.status, ran.stderr]).toEqual([["store", "migrate"], 0, ""]);
    }
    const back = await startServer({ project: cwd, data: join(cwd, "moved-back") });
    expect((await call(back, `GET /api/v1/runs/${run.id}`))?.body).toMatchObject({ run: { output: 7 } });
    await killAll(back);
  });

  test("a second server over the same database is refused, and says so", async () => {
    const state = await databaseUrl("shared");
    const first = await start("one", state);
    const args = ["up", "--project", join(folder, "project"), "--data", join(folder, "two"), "--port", "0"];
    const second = sluice(...args, "--state", state);
    expect(second.code).toBe(1);
    expect(second.err).toContain("Another server has this database");
    await killAll(first);
  });
});

async function until(server: ServerProcess, run: string): Promise<void> {
  for (;;) {
    const shown = await call<{ run?: { status: string } }>(server, `GET /api/v1/runs/${run}`);
    if (shown?.body.run?.status === "completed") return;
    await aTurn();
  }
}
