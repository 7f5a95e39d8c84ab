// The one client interface, embedded with `open` and over HTTP with `connect`: the same calls, the same answers.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CancelledError, connect, open, workflow } from "sluice";
import type { Client, RunHandle, RunUpdate } from "sluice";
import { broken, order, quick } from "./clients/workflows/jobs.ts";
import { aTurn, killAll, startServer, token } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-clients-"));
const workflows = [broken, order, quick];
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ project: join(import.meta.dir, "clients"), data: join(work, "server") });
});
afterAll(async () => {
  await killAll(server);
  rmSync(work, { recursive: true, force: true });
});

const clients: readonly (readonly [name: string, make: () => Promise<Client>])[] = [
  ["open", () => open({ data: join(work, "embedded"), workflows })],
  ["connect", () => Promise.resolve(connect({ url: server.url, token }))],
];

async function untilStatus(run: RunHandle, status: string): Promise<void> {
  while ((await run.get()).status !== status) await aTurn();
}

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(clients)("%s", (_name, make) => {
  test("starts a run with a key, a priority, a delay and tags; the key leads to it again", async () => {
    await using sluice = await make();
    const options = { idempotencyKey: "o-17", priority: 5, delay: "5m", tags: ["eu", "web"] } as const;
    const run = await sluice.start(order, { id: "o-17", sum: 1n }, options);
    expect(run.created).toBe(true);
    const shown = await run.get();
    expect(shown).toMatchObject({
      status: "queued",
      statusReason: "delayed",
      workflow: "order",
      input: { id: "o-17", sum: 1n },
      idempotencyKey: "o-17",
      priority: 5,
      tags: ["eu", "web"],
    });
    const again = await sluice.start(order, { id: "o-17", sum: 1n }, { idempotencyKey: "o-17" });
    expect(again).toMatchObject({ id: run.id, created: false });
    const other = failureOf(sluice.start(order, { id: "o-17", sum: 2n }, { idempotencyKey: "o-17" }));
    expect(await other).toMatchObject({ code: "idempotency_conflict" });
    expect((await sluice.runs({ tag: "eu", workflow: "order" })).runs.map(({ id }) => id)).toEqual([run.id]);
  });

  test("follows a run that an event wakes, once for its id and only with its key, to its result", async () => {
    await using sluice = await make();
    const run = await sluice.start(order, { id: "o-1", sum: 10n ** 20n });
    const following = Array.fromAsync(run.events());
    await untilStatus(run, "waiting");
    await sluice.emit("paid", { at: new Date(1) }, { key: "o-2" });
    const paid = { at: new Date(5) };
    expect(await sluice.emit("paid", paid, { key: "o-1", id: "evt-9" })).toEqual({ duplicate: false });
    expect(await sluice.emit("paid", paid, { key: "o-1", id: "evt-9" })).toEqual({ duplicate: true });
    const result = await run.result();
    expect(result).toEqual({ charged: 2n * 10n ** 20n, at: new Date(5) });
    const updates: readonly RunUpdate[] = await following;
    expect(updates.flatMap(({ id }) => id ?? [])).toEqual([1, 2]);
    expect(updates.filter(({ id }) => id !== null)).toMatchObject([
      { type: "step", data: { kind: "step", name: "charge", status: "completed" } },
      { type: "step", data: { kind: "event", name: "paid", status: "completed" } },
    ]);
    expect(updates.at(-1)).toMatchObject({ type: "run", data: { status: "completed" } });
    expect(await Array.fromAsync(run.events({ after: 1 }))).toMatchObject([{ id: 2 }, { type: "run" }]);
  });

  test("cancels a run for a reason, which its result throws", async () => {
    await using sluice = await make();
    const run = await sluice.start(order, { id: "o-3", sum: 1n });
    await untilStatus(run, "waiting");
    await run.cancel("why");
    const error = await failureOf(run.result());
    expect(error).toBeInstanceOf(CancelledError);
    expect((error as Error).message).toBe("why");
    expect(await run.get()).toMatchObject({ status: "cancelled" });
    expect(await failureOf(run.cancel("again"))).toMatchObject({ code: "run_is_final" });
  });

  test("shows why a run and its step failed, with the cause", async () => {
    await using sluice = await make();
    const run = await sluice.start(broken, undefined);
    await failureOf(run.result());
    const error = {
      code: "step_failed",
      message: "broken",
      details: { name: "TypeError", code: "EBROKEN", cause: { name: "RangeError", message: "inside" } },
    };
    expect((await run.get()).error).toEqual(error as never);
    expect((await run.steps()).map((step) => step.error)).toEqual([error as never]);
  });

  test("finds a run again by its id", async () => {
    await using sluice = await make();
    const { id } = await sluice.start(quick);
    const run = sluice.run<number>(id);
    expect(await run.result()).toBe(42);
    expect(await run.steps()).toMatchObject([{ kind: "step", name: "answer", status: "completed", output: 42 }]);
    expect(await failureOf(sluice.run("run_nowhere").result())).toMatchObject({ code: "run_not_found" });
  });
});

describe("an embedded engine", () => {
  const data = join(work, "again");

  test("has its folder until the end of its block, and goes on in the next one", async () => {
    let id: string;
    {
      await using first = await open({ data, workflows });
      const run = await first.start(order, { id: "kept", sum: 3n });
      await untilStatus(run, "waiting");
      id = run.id;
      expect(await failureOf(open({ data, workflows }))).toMatchObject({
        code: "data_folder_locked",
        details: { pid: process.pid },
      });
    }
    await using second = await open({ data, workflows });
    await second.emit("paid", { at: new Date(7) }, { key: "kept" });
    expect(await second.run(id).result()).toEqual({ charged: 6n, at: new Date(7) });
  });

  test("that cannot be opened leaves its folder to the next one", async () => {
    const same = workflow({ name: "quick" }, async () => 1);
    expect(await failureOf(open({ data, workflows: [quick, same] }))).toMatchObject({ code: "duplicate_workflow" });
    await using sluice = await open({ data, workflows });
    expect(await (await sluice.start(quick)).result()).toBe(42);
  });

  test("gives running steps the time it was opened with, when it is closed", async () => {
    const begun = Promise.withResolvers<void>();
    const stuck = workflow({ name: "stuck" }, async (ctx) =>
      ctx.step("for ever", async () => {
        begun.resolve();
        await new Promise(() => undefined);
      }),
    );
    const sluice = await open({ data, workflows: [stuck], drain: "20ms" });
    await sluice.start(stuck);
    await begun.promise;
    const closing = performance.now();
    await sluice.close();
    expect(performance.now() - closing).toBeLessThan(5_000);
  });
});
