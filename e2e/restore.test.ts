// `sluice restore` into a running server: what comes back, who is fenced off, and what is refused.
import { beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { schemas } from "@sluice/protocol/http-schemas";
import { readyLine, sluice, startSluice, stop } from "./cli-process.ts";
import {
  commandFor,
  hasStatus,
  linesOf,
  restoreBytesMax,
  restoreRig,
  run,
  runIds,
  sendBackup,
  show,
  until,
  workflows,
} from "./restore-rig.ts";
import type { Shown } from "./restore-rig.ts";
import { call, token, workersOf, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const { work, start, backup } = restoreRig("restore");

describe("a backup restored into the server it was made by", () => {
  const data = join(work, "data");
  let server: ServerProcess;
  let file: string;
  let gate: { readonly begun: string; readonly gate: string };

  beforeAll(async () => {
    server = await start(data);
    gate = { begun: join(work, "begun"), gate: join(work, "gate") };
  });

  test("brings back its state in the same process; what waited goes on, what ran is executed anew by other workers", async () => {
    const done = await run(server, ["double", 4]);
    const large = await run(server, ["echo", "x".repeat(100_000)]);
    const waiting = await run(server, ["waits", null], "");
    await hasStatus(server, waiting.id, "waiting");
    const running = await run(server, ["gated", gate], "");
    await until(() => linesOf(gate.begun).length === 1);
    await call(server, "PUT /api/v1/state/global/k", { value: "of the backup" });
    const saved = await runIds(server);
    file = await backup(server, "first.tar");

    const after = await run(server, ["double", 5]);
    await call(server, "POST /api/v1/events", { name: "go", payload: "before the restore" });
    await hasStatus(server, waiting.id, "completed");
    const settled = (await show(server, waiting.id))?.output as { before: string };
    await call(server, "PUT /api/v1/state/global/k", { value: "after it" });
    const [oldWorker] = await workersOf(server);
    const health = await call<{ uptimeMs: number }>(server, "GET /health");

    const ran = await sluice(["restore", file, ...commandFor(server)]);
    expect([ran.exitCode, ran.stderr]).toEqual([0, ""]);
    const restored = JSON.parse(ran.stdout) as Record<string, unknown> & { before: string };
    expect(restored).toEqual({
      url: server.url,
      createdAt: expect.any(Number),
      runs: 4,
      blobs: expect.any(Number),
      before: expect.stringMatching(/^before-restore-\d{8}T\d{9}Z$/),
    });

    // Ready at once, in the process it was.
    expect((await call(server, "GET /ready"))?.status).toBe(200);
    expect((await call<{ uptimeMs: number }>(server, "GET /health"))?.body.uptimeMs).toBeGreaterThanOrEqual(
      health?.body.uptimeMs ?? 0,
    );
    expect(server.process.exitCode).toBeNull();
    expect(await runIds(server)).toEqual(saved);
    expect((await call(server, `GET /api/v1/runs/${after.id}`))?.status).toBe(404);
    expect((await call<{ value: unknown }>(server, "GET /api/v1/state/global/k"))?.body.value).toBe("of the backup");
    expect(await show(server, done.id)).toMatchObject({ status: "completed", output: 8 });
    expect(await show(server, large.id)).toMatchObject({ input: "x".repeat(100_000), output: "x".repeat(100_000) });

    // The event that had woken it is forgotten: it waits, and the step before it is not executed again.
    expect((await show(server, waiting.id))?.status).toBe("waiting");
    await call(server, "POST /api/v1/events", { name: "go", payload: "after the restore" });
    await hasStatus(server, waiting.id, "completed");
    expect((await show(server, waiting.id))?.output).toEqual({ before: settled.before, got: "after the restore" });

    await until(() => linesOf(gate.begun).length === 2);
    const [first, second] = linesOf(gate.begun).map(Number);
    expect(first).toBe(oldWorker);
    expect(() => process.kill(oldWorker ?? 0, 0)).toThrow("ESRCH");
    writeFileSync(gate.gate, "");
    await hasStatus(server, running.id, "completed");
    expect((await show(server, running.id))?.output).toBe(second);

    // What was there is kept, whole.
    const kept = new Database(join(data, restored.before, "state.db"), { readonly: true });
    expect(kept.query("SELECT status FROM runs WHERE id = ?").get(after.id)).toEqual({ status: "completed" });
    kept.close();
    expect((await run(server, ["double", 6])).output).toBe(12);
  }, 60_000);

  test("refuses who cannot come in, what is no archive or too long, and every backup that is not whole: nothing happens", async () => {
    const seen = async () => ({
      runs: await runIds(server),
      workers: await workersOf(server),
      files: readdirSync(data).toSorted(),
    });
    await until(async () => (await workersOf(server)).length === 1);
    const before = await seen();
    const bytes = new Uint8Array(readFileSync(file));
    const refused = async (response: Promise<Response>): Promise<unknown> => {
      const { status, body } = await response.then(async (got) => ({ status: got.status, body: await got.json() }));
      const { error } = schemas.Failure.parse(body);
      expect(error.hint).toBeString();
      return [status, error.code];
    };
    expect(await refused(sendBackup(server, bytes, { authorization: "Bearer wrong" }))).toEqual([401, "unauthorized"]);
    expect(await refused(sendBackup(server, "{}", { "content-type": "application/json" }))).toEqual([
      415,
      "unsupported_media_type",
    ]);
    expect(await refused(sendBackup(server, new Uint8Array(restoreBytesMax + 1)))).toEqual([413, "payload_too_large"]);
    const invalid = [400, "invalid_config"];
    expect(await refused(sendBackup(server, "no archive at all".repeat(1_000)))).toEqual(invalid);
    for (const part of [0.01, 0.3, 0.9]) {
      expect(await refused(sendBackup(server, bytes.subarray(0, bytes.length * part)))).toEqual(invalid);
    }
    for (const part of [0.001, 0.2, 0.5, 0.8]) {
      const flipped = Uint8Array.from(bytes);
      const at = Math.floor(bytes.length * part);
      flipped[at] = (flipped[at] ?? 0) ^ 8;
      expect([part, await refused(sendBackup(server, flipped))]).toEqual([part, invalid]);
    }
    const cut = join(work, "cut.tar");
    writeFileSync(cut, bytes.subarray(0, bytes.length - 2_000));
    const ran = await sluice(["restore", cut, ...commandFor(server)]);
    expect([ran.exitCode, JSON.parse(ran.stdout).error.code]).toEqual([1, "invalid_config"]);
    expect(await seen()).toEqual(before);
    expect((await call(server, "GET /ready"))?.status).toBe(200);
  }, 60_000);

  test("while the data is replaced, all are told to come back, and a worker that does not let go is fenced off", async () => {
    const stuck = { begun: join(work, "stuck"), gate: join(work, "stuck-gate") };
    const running = await run(server, ["gated", stuck], "");
    await until(() => linesOf(stuck.begun).length === 1);
    const again = await backup(server, "second.tar");
    const [worker = 0] = await workersOf(server);
    // It neither finishes its step nor gives it back.
    process.kill(worker, "SIGSTOP");
    const watching = fetch(`${server.url}/api/v1/runs/${running.id}/events`, {
      headers: { authorization: `Bearer ${token}` },
    }).then((response) => response.text());
    const waiting = call(server, `GET /api/v1/runs/${running.id}?wait=60s`);
    const restoring = sendBackup(server, readFileSync(again));
    await until(async () => (await call(server, "GET /ready"))?.status === 503);
    const answers = await Promise.all(
      ["POST /api/v1/events", "PUT /api/v1/state/global/lost", "POST /api/v1/workflows/double/runs"].map((what) =>
        call<{ error: unknown }>(server, what, { name: "lost", value: 1 }),
      ),
    );
    const refusal = { code: "draining", message: expect.any(String), hint: expect.any(String) };
    for (const answer of answers) expect([answer?.status, answer?.body.error]).toEqual([503, refusal]);
    expect((await call(server, "GET /health"))?.body).toMatchObject({ status: "draining" });

    const answer = await restoring;
    const body: unknown = await answer.json();
    expect([answer.status, schemas.RestoredBackup.safeParse(body).success]).toEqual([200, true]);
    expect((await call(server, "GET /ready"))?.status).toBe(200);
    // Its stream has ended without the end of the run, and the request that waited was answered.
    expect(await watching).not.toContain("event: end");
    expect((await waiting)?.status).toBe(503);
    expect(() => process.kill(worker, 0)).toThrow("ESRCH");
    expect((await call(server, "GET /api/v1/state/global/lost"))?.status).toBe(404);
    await until(() => linesOf(stuck.begun).length === 2);
    writeFileSync(stuck.gate, "");
    await hasStatus(server, running.id, "completed");
    expect((await show(server, running.id))?.output).toBe(Number(linesOf(stuck.begun)[1]));
  }, 60_000);

  test("two at once: one is refused, and one that is cut off leaves the next its turn", async () => {
    const bytes = new Uint8Array(readFileSync(file));
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const leave = new AbortController();
    const slow = fetch(`${server.url}/api/v1/restore`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-tar" },
      signal: leave.signal,
      body: new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue(bytes.subarray(0, 4_096));
          begun.resolve();
          await held.promise;
        },
      }),
    });
    const left = slow.then(
      () => "answered",
      () => "left",
    );
    await begun.promise;
    const gathering = (): string[] => readdirSync(data).filter((name) => name.startsWith("restoring-"));
    await until(() => gathering().length === 1);
    const second = await sendBackup(server, bytes);
    expect([second.status, ((await second.json()) as { error: { code: string } }).error.code]).toEqual([
      409,
      "conflict",
    ]);
    leave.abort();
    expect(await left).toBe("left");
    held.resolve();
    await until(() => gathering().length === 0);
    await until(async () => (await sendBackup(server, bytes)).status === 200);
    expect(await runIds(server)).toHaveLength(4);
  }, 60_000);

  test("a restored server stops and starts as ever", async () => {
    server.process.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(readdirSync(data).filter((name) => name.startsWith("rest"))).toEqual([]);
    server = await start(data);
    expect(await runIds(server)).toHaveLength(4);
    expect((await run(server, ["double", 1])).output).toBe(2);
  }, 30_000);
});

describe("the code of runs that come back", () => {
  test("is that they began with, also in a server that never had it; new runs get that server's own", async () => {
    const first = await start(join(work, "moved-from"));
    const waiting = await run(first, ["waits", null], "");
    await hasStatus(first, waiting.id, "waiting");
    const bytes = readFileSync(await backup(first, "moved.tar"));
    const newer = join(work, "newer");
    writeProject(newer, { "workflows/all.ts": workflows.replace("{ before, got }", '"by newer code"') });
    const second = await start(join(work, "moved-to"), newer);
    expect((await sendBackup(second, bytes)).status).toBe(200);
    const fresh = await run(second, ["waits", null], "");
    await hasStatus(second, fresh.id, "waiting");
    await call(second, "POST /api/v1/events", { name: "go", payload: 1 });
    await hasStatus(second, waiting.id, "completed");
    await hasStatus(second, fresh.id, "completed");
    expect((await show(second, waiting.id))?.output).toEqual({ before: expect.any(String), got: 1 });
    expect((await show(second, fresh.id))?.output).toBe("by newer code");
  }, 30_000);

  test("goes on changing under `sluice dev`", async () => {
    const edited = join(work, "edited");
    writeProject(edited, { "workflows/all.ts": workflows });
    const data = join(work, "edited-data");
    const env = { SLUICE_TOKEN: token };
    const dev = startSluice(["dev", "--project", edited, "--data", data, "--port", "0", "--json"], { env });
    try {
      const { url } = await readyLine(dev);
      const file = join(work, "edited.tar");
      const target = commandFor({ url });
      expect((await sluice(["backup", file, ...target])).exitCode).toBe(0);
      expect((await sluice(["restore", file, ...target])).exitCode).toBe(0);
      writeProject(edited, { "workflows/all.ts": workflows.replace("n * 2", "n * 200") });
      const doubled = async (): Promise<unknown> => {
        const ran = await sluice(["run", "double", "--input", "2", "--wait", ...target]);
        return (JSON.parse(ran.stdout) as { run?: Shown }).run?.output;
      };
      await until(async () => (await doubled()) === 400);
    } finally {
      expect(await stop(dev)).toBe(0);
    }
  }, 30_000);
});
