import { describe, expect, test } from "bun:test";
import { ada, done, finish, start, value, waitFor } from "../run-store.fixture.suite.ts";
import { sqliteLimits } from "./database.ts";
import { appending, creation, kept, withFolders, writerOn } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();
/** An event whose payload cannot be read: whoever compares it with a pattern fails, after having stored it. */
const unreadable = ["emitEvent", { by: ada, name: "go", payload: new Uint8Array([0xc7]), now: start }];

describe("a batch", () => {
  test("answers in order, a stale verb among the others", () => {
    const { writer } = writerOn(folders.next());
    const batch = [
      ...creation("r1"),
      ...appending("r1", [done(0)]),
      ...appending("r1", [done(1)], 7),
      ...appending("r1", [done(2), finish()]),
    ];
    expect(kept(writer.run(batch))).toMatchObject([
      { outcome: "created" },
      { events: [{ seq: 0, ord: 1 }] },
      undefined,
      { events: [{ seq: 2, ord: 2 }], status: "completed" },
    ]);
  });

  test("keeps the others when one verb fails half way, and undoes all of that one", () => {
    const { db, writer } = writerOn(folders.next());
    kept(writer.run([...creation("r1"), ...appending("r1", [waitFor(0, "go", { match: { a: 1 } })])]));
    const reply = writer.run([
      ...creation("r2"),
      ...unreadable,
      ...appending("r1", [done(1, "x")]),
      "nonsense",
      {},
      ...creation("r3"),
    ]);
    expect(reply.failed).toBeUndefined();
    expect(reply.failures?.map(([index]) => index)).toEqual([1, 3]);
    expect(reply.results).toMatchObject([
      { outcome: "created" },
      undefined,
      { events: [{ seq: 1, ord: 1 }] },
      undefined,
      { outcome: "created" },
    ]);
    expect(db.query("SELECT count(*) FROM events").values()).toEqual([[0]]);
    expect(db.query("SELECT id FROM runs ORDER BY id").values()).toEqual([["r1"], ["r2"], ["r3"]]);
    expect(kept(writer.run(appending("r1", [done(2)])))).toMatchObject([{ events: [{ ord: 2 }] }]);
  });

  test("that does not fit on the disk is refused whole, and the next one is kept when there is room", () => {
    const { db, writer } = writerOn(folders.next());
    kept(writer.run(creation("r1")));
    const pages = Number(db.query("PRAGMA page_count").values()[0]?.[0]);
    db.query(`PRAGMA max_page_count = ${pages + 4}`).all();
    const large = creation("r2", { input: value("x".repeat(100_000)) });
    const reply = writer.run([...appending("r1", [done(0)]), ...large]);
    expect(reply).toMatchObject({ failed: { code: "disk_full" }, fatal: false, results: [] });
    expect(db.query("SELECT count(*) FROM entries").values()).toEqual([[0]]);
    expect(kept(writer.run(appending("r1", [done(0)])))).toMatchObject([{ events: [{ ord: 1 }] }]);
    db.query("PRAGMA max_page_count = 1073741823").all();
    expect(kept(writer.run(large))).toMatchObject([{ outcome: "created" }]);
  });

  test("that meets another program's lock is refused for now", () => {
    const folder = folders.next();
    const { db, writer } = writerOn(folder);
    db.run("PRAGMA busy_timeout = 1");
    const other = writerOn(folder).db;
    other.run("BEGIN IMMEDIATE");
    expect(writer.run(creation("r1"))).toMatchObject({ failed: { code: "unavailable" }, fatal: false });
    other.run("ROLLBACK");
    expect(kept(writer.run(creation("r1")))).toMatchObject([{ outcome: "created" }]);
  });

  test("on a database that cannot be trusted any more is the last one", () => {
    const { db, writer } = writerOn(folders.next());
    kept(writer.run(creation("r1")));
    db.run("PRAGMA query_only = ON");
    expect(writer.run(appending("r1", [done(0)]))).toMatchObject({ failed: { code: "store_failed" }, fatal: true });
  });
});

describe("space", () => {
  test("of deleted runs goes back to the file system in slices", () => {
    const vacuumPagesMax = 50;
    const { db, writer } = writerOn(folders.next(), { limits: { ...sqliteLimits, vacuumPagesMax } });
    const ids = Array.from({ length: 200 }, (_, i) => `r${i}`);
    kept(writer.run(ids.flatMap((id) => creation(id, { input: value("x".repeat(5_000)) }))));
    kept(writer.run(ids.flatMap((id) => appending(id, [finish()]))));
    const pages = () => Number(db.query("PRAGMA page_count").values()[0]?.[0]);
    const before = pages();
    kept(writer.run(["deleteRuns", { by: ada, runs: ids, now: start }]));
    expect(pages()).toBe(before);
    writer.tidy();
    expect(pages()).toBe(before - vacuumPagesMax);
    for (let last = 0; last !== pages();) {
      last = pages();
      writer.tidy();
      expect(last - pages()).toBeLessThanOrEqual(vacuumPagesMax);
    }
    expect(pages()).toBeLessThan(before / 2);
    expect(db.query("PRAGMA freelist_count").values()).toEqual([[0]]);
  });

  test("of a log that outgrew its limit is noticed", () => {
    const { writer } = writerOn(folders.next(), { limits: { ...sqliteLimits, walBytesMax: 50_000 } });
    let crowded = false;
    for (let i = 0; i < 64 && !crowded; i++) {
      kept(writer.run(creation(`r${i}`, { input: value("x".repeat(3_000)) })));
      crowded = writer.tidy();
    }
    expect(crowded).toBe(true);
  });
});
