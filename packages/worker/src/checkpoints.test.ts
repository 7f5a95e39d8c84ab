// Checkpoints in SQLite; those in PostgreSQL are in packages/services, where the server is.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { Checkpoints } from "./checkpoints.ts";
import { Redactor } from "./redactor.ts";

function desk() {
  const db = new Database(":memory:");
  db.run("CREATE TABLE orders (id TEXT NOT NULL)");
  const redactor = new Redactor();
  const over = new Set<string>();
  const clock = { at: 1_000, now: (): number => clock.at };
  const past = {
    of: async (runs: readonly string[]) => new Set(runs.filter((run) => over.has(run))),
    passed: () => undefined,
  };
  const checkpoints = new Checkpoints({ clock, redactor, past });
  const orders = (): unknown[] => db.query("SELECT id FROM orders").values().flat();
  const insert = (id: string, result?: unknown) => (tx: Database) => {
    tx.prepare("INSERT INTO orders VALUES (?)").run(id);
    return result ?? id;
  };
  return { db, redactor, checkpoints, orders, insert, over, clock, past };
}

test("the effect takes place once, and the result comes back whoever asks again", async () => {
  const { db, checkpoints, orders, insert, past } = desk();
  const result = { id: "o-1", at: new Date(5), raw: Uint8Array.of(1, 2) };
  expect(await checkpoints.run(db, { key: "r:0", body: insert("o-1", result) })).toEqual(result);
  const other = new Checkpoints({ clock: { now: () => 2_000 }, redactor: new Redactor(), past });
  expect(await other.run(db, { key: "r:0", body: insert("again") })).toEqual(result);
  expect(await other.run(db, { key: "r:0:1", body: insert("o-2") })).toBe("o-2");
  expect(orders()).toEqual(["o-1", "o-2"]);
});

test("what fails leaves neither effect nor checkpoint", async () => {
  const { db, checkpoints, orders, insert } = desk();
  const broken = async (tx: Database): Promise<never> => {
    insert("o-1")(tx);
    throw new Error("no stock");
  };
  expect(checkpoints.run(db, { key: "r:0", body: broken })).rejects.toThrow("no stock");
  const wrong = (tx: Database): unknown => tx.prepare("INSERT INTO nothing VALUES (1)").run();
  expect(checkpoints.run(db, { key: "r:0", body: wrong })).rejects.toThrow("nothing");
  expect(checkpoints.run(db, { key: "r:0", body: () => () => 1 })).rejects.toThrow();
  expect(await checkpoints.run(db, { key: "r:0", body: insert("o-1") })).toBe("o-1");
  expect(orders()).toEqual(["o-1"]);
});

test("steps on one connection come one after the other, the same one too", async () => {
  const { db, checkpoints, orders, insert } = desk();
  const slow = async (tx: Database): Promise<unknown> => {
    insert("begun")(tx);
    await new Promise((resolve) => void setImmediate(resolve));
    return insert("ended")(tx);
  };
  const results = await Promise.all(["a", "a", "b"].map((key) => checkpoints.run(db, { key, body: slow })));
  expect(results).toEqual(["ended", "ended", "ended"]);
  expect(orders()).toEqual(["begun", "ended", "begun", "ended"]);
});

test("a result is kept as the journal will have it: without secrets", async () => {
  const { db, redactor, checkpoints, insert } = desk();
  redactor.add("hunter2hunter2");
  expect(await checkpoints.run(db, { key: "r:0", body: insert("o-1", "it is hunter2hunter2") })).toBe(
    "it is **************",
  );
  const [kept] = db.query("SELECT value FROM sluice_checkpoints").values().flat();
  expect(Buffer.from(kept as Uint8Array).includes("hunter2")).toBe(false);
});

test("rows of runs that are over go when they are a week old, beside the step that comes then", async () => {
  const { db, checkpoints, orders, insert, over, clock } = desk();
  for (const key of ["over:0", "over:1:2", "open:0"]) await checkpoints.run(db, { key, body: insert(key) });
  over.add("over").add("late");
  clock.at += 7 * 86_400_000;
  await checkpoints.run(db, { key: "late:0", body: insert("late:0") });
  clock.at += 3_600_000;
  const keys = (): unknown[] => db.query("SELECT key FROM sluice_checkpoints ORDER BY key").values().flat();
  await checkpoints.run(db, { key: "new:0", body: insert("new:0") });
  // Its turn comes after what looks through the rows.
  while (keys().includes("over:0")) await new Promise((resolve) => void setImmediate(resolve));
  expect(keys()).toEqual(["late:0", "new:0", "open:0"]);
  expect(await checkpoints.run(db, { key: "open:0", body: insert("again") })).toBe("open:0");
  expect(orders()).toEqual(["over:0", "over:1:2", "open:0", "late:0", "new:0"]);
});

test("rows that cannot be looked through are no failure of the step", async () => {
  const { db, clock, insert, orders } = desk();
  const deaf = { of: () => Promise.reject(new Error("no engine")), passed: () => undefined };
  const checkpoints = new Checkpoints({ clock, redactor: new Redactor(), past: deaf });
  await checkpoints.run(db, { key: "a:0", body: insert("a") });
  clock.at += 8 * 86_400_000;
  expect(await checkpoints.run(db, { key: "b:0", body: insert("b") })).toBe("b");
  expect(orders()).toEqual(["a", "b"]);
});

test.each([[undefined], [{}], [{ prepare: 1, exec: 2 }], ["file.db"]])("%p is no database", async (db) => {
  const { checkpoints } = desk();
  expect(checkpoints.run(db, { key: "r:0", body: () => 1 })).rejects.toMatchObject({ code: "bad_request" });
});
