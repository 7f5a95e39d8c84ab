// The audit trail of the shipped server: who did what, signed checkpoints that leave it, and what the check says after a kill,
// a restore, and a hand in the database.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemas } from "@sluice/protocol/http-schemas";
import { sluice } from "./cli-process.ts";
import { commandFor, until } from "./restore-rig.ts";
import { call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

interface Row {
  readonly seq: number;
  readonly actor: string;
  readonly actorName: string | null;
  readonly address: string | null;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly after: string | null;
  readonly intent: number | null;
  readonly hash: string;
}

interface Report {
  readonly ok: boolean;
  readonly rows: number;
  readonly checkpoints: number;
  readonly problems: readonly { readonly seq: number | null; readonly problem: string }[];
  readonly warnings: readonly string[];
}

interface Signed {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
  readonly replaces?: { readonly chain: string; readonly seq: number };
}

const work = mkdtempSync(join(tmpdir(), "sluice-audit-"));
const project = join(work, "project");
const servers: ServerProcess[] = [];
const workflow = `import { workflow } from "sluice";
export const double = workflow({ name: "double" }, async (ctx, n: number) => await ctx.step("double", () => n * 2));
`;

beforeAll(() => writeProject(project, { "workflows/all.ts": workflow }));
afterAll(async () => {
  for (const server of servers) await killAll(server);
  rmSync(work, { recursive: true, force: true });
});

/** A server over a data folder of this name, whose checkpoints leave without delay. */
async function start(name: string, checkpoints: string, args: readonly string[] = []): Promise<ServerProcess> {
  const limits = ["auditCheckpointMs=20", "drainMs=300"].flatMap((limit) => ["--limit", limit]);
  const own = ["--audit-checkpoints", checkpoints, ...limits, ...args];
  const server = await startServer({ project, data: join(work, name), args: own });
  servers.push(server);
  return server;
}

async function stop(server: ServerProcess): Promise<void> {
  server.process.kill("SIGTERM");
  expect(await server.exited).toBe(0);
}

async function setState(server: ServerProcess, key: string): Promise<void> {
  const answer = await call(server, `PUT /api/v1/state/global/${encodeURIComponent(key)}`, { value: 1 });
  expect(answer?.status).toBe(200);
}

async function rows(server: ServerProcess, query = ""): Promise<readonly Row[]> {
  const found = await call<{ records: Row[] }>(server, `GET /api/v1/audit?limit=200${query}`);
  return found?.body.records ?? [];
}

/** `sluice audit verify`: its exit code and what it says. */
async function verify(...args: string[]): Promise<Report & { readonly exitCode: number }> {
  const ran = await sluice(["audit", "verify", ...args, "--json"]);
  expect(ran.stderr).toBe("");
  return { exitCode: ran.exitCode, ...schemas.AuditReport.parse(JSON.parse(ran.stdout)) };
}

function signedIn(file: string): readonly Signed[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line) as Signed);
}

describe("a trail with checkpoints in a file", () => {
  const data = join(work, "first");
  const checkpoints = join(work, "first.jsonl");
  let server: ServerProcess;

  beforeAll(async () => {
    server = await start("first", checkpoints);
  });

  test("says who did what from where, and whom it refused", async () => {
    await setState(server, "k1");
    await call(server, "POST /api/v1/workflows/double/runs?wait=20s", { input: 2 });
    await fetch(`${server.url}/api/v1/runs`, { headers: { authorization: "Bearer nobody" } });
    await until(async () => (await rows(server, "&outcome=refused")).length === 1);
    const [refused] = await rows(server, "&outcome=refused");
    expect(refused).toMatchObject({ actor: "user:anonymous", address: "127.0.0.1", target: "route:listRuns" });
    const listed = await sluice(["audit", "list", "--action", "state:*", ...commandFor(server)]);
    const { records } = schemas.AuditTrail.parse(JSON.parse(listed.stdout));
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ target: "state:global/k1", outcome: "done", address: "127.0.0.1" });
    const started = await rows(server, "&action=run:start");
    expect(started).toMatchObject([{ outcome: "done", target: expect.stringMatching(/^run:run_/) }]);
  });

  test("shows nothing that a terminal would obey", async () => {
    await setState(server, "\u001b[31mred\u202e");
    const target = commandFor(server).filter((arg) => arg !== "--json");
    const { stdout } = await sluice(["audit", "list", "--limit", "1", ...target]);
    expect(stdout).toContain(String.raw`state:global/\u{1b}[31mred\u{202e}`);
    expect(["\u001b", "\u202e"].filter((each) => stdout.includes(each))).toEqual([]);
  });

  test("has its head signed soon after each change, and is found whole", async () => {
    const [last] = await rows(server);
    await until(() => signedIn(checkpoints).at(-1)?.seq === last?.seq);
    expect(signedIn(checkpoints).at(-1)).toMatchObject({ hash: last?.hash });
    const report = await verify(...commandFor(server));
    expect(report).toMatchObject({ exitCode: 0, ok: true, rows: last?.seq, problems: [], warnings: [] });
    expect(report.checkpoints).toBe(signedIn(checkpoints).length);
    // Without the server's word, while it runs.
    expect(await verify("--data", data, "--checkpoints", checkpoints)).toEqual(report);
    const unseen = await verify("--data", data, "--offline");
    expect(unseen).toMatchObject({ exitCode: 0, warnings: [expect.stringContaining("would go unseen")] });
  });

  test("is written out as it is, to a file or to standard output", async () => {
    const file = join(work, "trail.jsonl");
    const exported = await sluice(["audit", "export", file, ...commandFor(server)]);
    const all = (await rows(server)).toReversed();
    expect(JSON.parse(exported.stdout)).toEqual({ file, rows: all.length });
    const lines = readFileSync(file, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as Row)).toEqual(all);
    const out = await sluice(["audit", "export", "--action", "run:start", ...commandFor(server)]);
    expect(out.stdout.trim().split("\n")).toHaveLength(1);
    const again = await sluice(["audit", "export", file, ...commandFor(server)]);
    expect(again.exitCode).toBe(2);
  });

  test("names what was begun when the server was killed in the middle of it", async () => {
    const sending = Promise.withResolvers<void>();
    const upload = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(512));
        await sending.promise;
      },
    });
    const sent = fetch(`${server.url}/api/v1/restore`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-tar" },
      body: upload,
    }).catch(() => "cut off");
    await until(async () => (await rows(server, "&action=backup:restore")).length === 1);
    await killAll(server);
    sending.resolve();
    expect(await sent).toBe("cut off");
    // No server is there to ask: the folder is read.
    const report = await verify("--data", data);
    expect(report).toMatchObject({ exitCode: 0, ok: true });
    expect(report.warnings[0]).toMatch(/^Row \d+ says what .* was about to do \(backup:restore on backup:/);
    server = await start("first", checkpoints);
    const [intent, ...more] = await rows(server, "&action=backup:restore");
    expect([intent?.outcome, more]).toEqual(["intended", []]);
    expect((await verify(...commandFor(server))).warnings[0]).toStartWith(`Row ${intent?.seq} says`);
  }, 30_000);

  test("whose end was cut off is found out, by the server's log, by the server and without it", async () => {
    await setState(server, "last");
    await stop(server);
    const key = join(work, "audit.pub");
    cpSync(join(data, "keys/audit.pub"), key);
    const [head] = signedIn(checkpoints).slice(-1);
    expect(await verify("--data", data, "--checkpoints", checkpoints, "--key", key)).toMatchObject({ ok: true });
    const db = new Database(join(data, "state.db"));
    db.run("DROP TRIGGER audit_not_deleted");
    db.run("DELETE FROM audit WHERE seq >= ?", [(head?.seq ?? 0) - 1]);
    db.close();
    const wrong = [{ seq: (head?.seq ?? 0) - 1, problem: "truncated" }];
    const offline = await verify("--data", data, "--checkpoints", checkpoints, "--key", key);
    expect(offline).toMatchObject({ exitCode: 1, ok: false, problems: wrong });
    const text = await sluice(["audit", "verify", "--data", data, "--checkpoints", checkpoints]);
    expect([text.exitCode, text.stderr]).toEqual([1, ""]);
    expect(text.stdout).toContain("truncated: The trail ends with row");
    expect((await verify("--data", data, "--offline")).exitCode).toBe(0);

    server = await start("first", checkpoints);
    await until(() => server.stderr().includes("not the one that was signed last"));
    const online = await verify(...commandFor(server));
    expect(online).toMatchObject({ exitCode: 1, ok: false });
    await stop(server);
  }, 30_000);
});

describe("a trail after a restore", () => {
  const checkpoints = join(work, "restored.jsonl");
  const backupFile = join(work, "backup.tar");
  let server: ServerProcess;

  test("into a running server goes on, and says what it took the place of", async () => {
    server = await start("restored", checkpoints);
    await setState(server, "before");
    expect((await sluice(["backup", backupFile, ...commandFor(server)])).exitCode).toBe(0);
    const made = await rows(server, "&action=backup:create");
    expect(made.map(({ outcome, intent }) => [outcome, intent !== null])).toEqual([
      ["done", true],
      ["intended", false],
    ]);
    for (const key of ["a", "b", "c", "d"]) await setState(server, key);
    await until(() => signedIn(checkpoints).length > 1);
    expect((await sluice(["restore", backupFile, ...commandFor(server)])).exitCode).toBe(0);

    const [restored] = await rows(server, "&action=backup:restore");
    expect(restored).toMatchObject({ outcome: "done", address: "127.0.0.1", intent: null });
    const { replaces, runs } = JSON.parse(restored?.after ?? "{}") as { replaces: Signed; runs: number };
    expect(runs).toBe(0);
    const [ended] = await rows(server, "&action=backup:create&outcome=done");
    expect(ended).toMatchObject({ actor: "system:restore", reason: "restored", intent: made[1]?.seq });
    await until(() => signedIn(checkpoints).some((each) => each.replaces !== undefined));
    expect(signedIn(checkpoints).find((each) => each.replaces !== undefined)?.replaces).toEqual(replaces);
    const report = await verify(...commandFor(server));
    expect(report).toMatchObject({ exitCode: 0, ok: true, problems: [] });
    expect(report.warnings).toEqual([expect.stringContaining("A backup was restored at ")]);
  }, 30_000);

  test("that was refused has an outcome in the trail", async () => {
    const answer = await fetch(`${server.url}/api/v1/restore`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-tar" },
      body: "no backup",
    });
    expect(answer.status).toBe(400);
    const [failed, intent] = await rows(server, "&action=backup:restore");
    expect(failed).toMatchObject({ outcome: "failed", reason: "invalid_config", intent: intent?.seq });
    await stop(server);
  });

  test("into a folder without a server says that it was done on the machine", async () => {
    const data = join(work, "offline");
    expect((await sluice(["restore", backupFile, "--data", data, "--json"])).exitCode).toBe(0);
    expect(await verify("--data", data)).toMatchObject({ exitCode: 0, ok: true });
    const db = new Database(join(data, "state.db"), { readonly: true });
    const last = db.query("SELECT by_kind, by_id, action, outcome FROM audit ORDER BY seq DESC LIMIT 1").get();
    db.close();
    expect(last).toEqual({ by_kind: "user", by_id: "local", action: "backup:restore", outcome: "done" });
  });
});

describe("a trail with checkpoints sent to a receiver", () => {
  test("is compared with what the receiver has", async () => {
    const received: string[] = [];
    const receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        // The first is refused: it comes again.
        const first = received.length === 0;
        received.push(await request.text());
        return new Response(null, { status: first ? 503 : 204 });
      },
    });
    try {
      const server = await start("sent", `http://127.0.0.1:${receiver.port}/in?secret=hush`);
      await setState(server, "k");
      await until(() => received.length > 1);
      const online = await verify(...commandFor(server));
      expect(online).toMatchObject({ exitCode: 0, ok: true });
      expect(online.warnings).toEqual([expect.stringContaining(`What http://127.0.0.1:${receiver.port} received`)]);
      await stop(server);
      expect(server.stderr()).not.toContain("hush");
      const file = join(work, "received.jsonl");
      writeFileSync(file, received.map((line) => `${line}\n`).join(""));
      const data = join(work, "sent");
      const kept = await verify("--data", data, "--checkpoints", file);
      expect(kept).toMatchObject({ exitCode: 0, ok: true, checkpoints: received.length, warnings: [] });
    } finally {
      await receiver.stop(true);
    }
  }, 30_000);
});

describe("a trail that is not kept for good", () => {
  test("lets go of its oldest rows, says so, and is whole", async () => {
    const args = ["--audit-retention", "1ms", "--limit", "auditRetentionRoundMs=20"];
    const server = await start("trimmed", join(work, "trimmed.jsonl"), args);
    await setState(server, "k");
    await until(async () => (await rows(server, "&action=audit:trim&outcome=done")).length > 0);
    await until(async () => (await rows(server, "&action=state:write")).length === 0);
    const report = await verify(...commandFor(server));
    expect(report).toMatchObject({ exitCode: 0, ok: true, problems: [] });
    await stop(server);
  }, 30_000);
});

describe("settings that would protect nothing", () => {
  test.each([
    [["--audit-checkpoints", ".sluice/heads"], "in the data folder"],
    [["--audit-retention", "1 day"], "there are no checkpoints"],
  ])("%j is refused", async (args, why) => {
    const ran = await sluice(["up", "--port", "0", ...args], { cwd: project });
    expect(ran.exitCode).not.toBe(0);
    expect(ran.stderr).toContain(why);
  });
});

test("a check that cannot be made says why, and is misused with two places to look at", async () => {
  const none = await sluice(["audit", "verify", "--data", join(work, "nothing"), "--offline"]);
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining("There is no database")]);
  const both = await sluice(["audit", "verify", "--url", "http://127.0.0.1:1", "--checkpoints", "x"]);
  expect(both.exitCode).toBe(2);
  const key = await sluice(["audit", "verify", "--key", "x"]);
  expect(key.exitCode).toBe(2);
});
