import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SluiceError } from "@sluice/protocol";
import { ada, done, engine, refusal, start } from "../run-store.fixture.suite.ts";
import { sqliteLimits, type SqliteLimits } from "./database.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { WriterClient } from "./writer-client.ts";

const folders = withFolders();
const create = (client: WriterClient, id: string) =>
  client.call("createRun", { by: ada, run: newRun(id), claim: { owner: engine }, now: start });
const append = (client: WriterClient, run: string, seq: number, epoch = 1) =>
  client.call("append", { run, epoch, ops: [done(seq)], now: start });

function open(file: string, onFatal = unexpected, limits: Partial<SqliteLimits> = {}): WriterClient {
  const settings = { file, durability: "full", limits: { ...sqliteLimits, ...limits } } as const;
  return new WriterClient(settings, { onFatal, onCrowded: () => undefined });
}

describe("the writer's thread", () => {
  test("takes verbs while it is opened, and answers in their order", async () => {
    const client = open(join(folders.next(), "state.db"));
    const order: number[] = [];
    await create(client, "r1");
    const calls = Array.from({ length: 500 }, (_, seq) =>
      append(client, "r1", seq, seq % 100 === 7 ? 9 : 1).then(() => order.push(seq)),
    );
    await Promise.all(calls);
    expect(order).toEqual([...order].toSorted((a, b) => a - b));
    expect(order).toHaveLength(500);
    await client.close();
  });

  test("keeps everything it has acknowledged when it is opened again", async () => {
    const file = join(folders.next(), "state.db");
    const first = open(file);
    await create(first, "r1");
    await Promise.all([append(first, "r1", 0), append(first, "r1", 1)]);
    await first.close();
    const db = new Database(file, { readonly: true });
    expect(db.query("SELECT seq, ord FROM entries ORDER BY seq").values()).toEqual([
      [0, 1],
      [1, 2],
    ]);
    db.close();
    const second = open(file);
    expect(await append(second, "r1", 2)).toMatchObject({ events: [{ ord: 3 }] });
    await second.close();
  });

  test("is not handed more than it may have waiting", async () => {
    const client = open(join(folders.next(), "state.db"), unexpected, { writerQueueMax: 3 });
    await create(client, "r1");
    const answers = await Promise.allSettled(Array.from({ length: 6 }, (_, seq) => append(client, "r1", seq)));
    expect(answers.map(({ status }) => status)).toEqual([...Array(3).fill("fulfilled"), ...Array(3).fill("rejected")]);
    await create(client, "r2");
    expect(await refusal(Promise.all(Array.from({ length: 6 }, (_, i) => append(client, "r2", i))))).toBe(
      "unavailable",
    );
    // What follows a refused write of the same incarnation is refused, though there is room again.
    expect(await refusal(append(client, "r2", 6))).toBe("store_failed");
    await client.close();
  });

  test("commits in pieces when there is much at once", async () => {
    const client = open(join(folders.next(), "state.db"), unexpected, { batchVerbsMax: 10 });
    const made = await Promise.all(Array.from({ length: 95 }, (_, i) => create(client, `r${i}`)));
    expect(made).toHaveLength(95);
    await client.close();
  });

  test("refuses what cannot be handed to it, and nothing besides", async () => {
    const client = open(join(folders.next(), "state.db"));
    const odd = refusal(client.call("createRun", { by: ada, run: { ...newRun("r1"), input: () => 1 }, now: start }));
    const even = create(client, "r2");
    expect([await odd, await even]).toMatchObject(["value_not_serializable", { outcome: "created" }]);
    await client.close();
  });

  test("commits what was handed in before it was closed", async () => {
    const file = join(folders.next(), "state.db");
    const client = open(file);
    const calls = Array.from({ length: 50 }, (_, i) => create(client, `r${i}`));
    const closing = client.close();
    expect(await refusal(create(client, "late"))).toBe("store_failed");
    await Promise.all([...calls, closing]);
    const db = new Database(file, { readonly: true });
    expect(db.query("SELECT count(*) FROM runs").values()).toEqual([[50]]);
    db.close();
  });
});

describe("a database that fails", () => {
  test("when it is opened is the opener's to tell", async () => {
    const file = join(folders.next(), "state.db");
    writeFileSync(file, "this is not a database".repeat(50));
    const client = open(file);
    const [opened, waiting] = await Promise.all([refusal(client.opened()), refusal(create(client, "r1"))]);
    expect([opened, waiting]).toEqual(["store_failed", "store_failed"]);
    await client.close();
  });

  test("while it is at work acknowledges nothing more, and says so once", async () => {
    const file = join(folders.next(), "state.db");
    const before = open(file);
    await create(before, "r1");
    await before.close();
    const db = new Database(file, { readonly: true });
    const row = db.query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'schedules'").get();
    db.close();
    const at = ((row?.rootpage ?? 0) - 1) * 4_096;
    writeFileSync(file, readFileSync(file).fill(0xff, at, at + 4_096));

    const fatal: SluiceError[] = [];
    const client = open(file, (error) => {
      fatal.push(error);
    });
    const put = client.call("putSchedules", { by: ada, workflows: ["order"], schedules: [], now: start });
    const together = append(client, "r1", 0);
    const later = refusal(put).then(() => refusal(append(client, "r1", 1)));
    expect(await Promise.all([refusal(put), refusal(together), later])).toEqual([
      "store_failed",
      "store_failed",
      "store_failed",
    ]);
    expect(fatal.map(({ code }) => code)).toEqual(["store_failed"]);
    await client.close();
  });
});
