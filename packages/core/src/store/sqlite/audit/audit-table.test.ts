import { describe, expect, test } from "bun:test";
import { chainStart } from "../../../kernel/audit-chain.ts";
import { newNote, outside } from "../../audit-log.fixture.suite.ts";
import { start, value } from "../../run-store.fixture.suite.ts";
import { creation, kept, newRun, withBench, withFolders, writerOn } from "../sqlite-store.fixture.suite.ts";
import { AuditTable } from "./audit-table.ts";

const bench = withBench();
const folders = withFolders();

describe("rows", () => {
  test.each([
    ["changed", "UPDATE audit SET target = 'run:other' WHERE seq = 2", "do not change"],
    ["renumbered", "UPDATE audit SET seq = 9 WHERE seq = 3", "do not change"],
    ["deleted", "DELETE FROM audit WHERE seq = 3", "let go from its start only"],
    ["deleted all", "DELETE FROM audit", "let go from its start only"],
    ["replaced", "REPLACE INTO audit SELECT * FROM audit WHERE seq = 2", "added at its end"],
    [
      "put behind a gap",
      `INSERT INTO audit (seq, at, by_kind, by_id, action, target, outcome, previous, hash)
      SELECT 5, at, by_kind, by_id, action, target, outcome, previous, hash FROM audit WHERE seq = 3`,
      "added at its end",
    ],
  ])("cannot be %s by mistake", (_, sql, why) => {
    for (let i = 1; i <= 3; i++) bench.on.t.audit.add(newNote(`run:r${i}`));
    const before = bench.on.column("SELECT hex(hash) FROM audit ORDER BY seq");
    expect(() => bench.on.db.run(sql)).toThrow(why);
    expect(bench.on.column("SELECT hex(hash) FROM audit ORDER BY seq")).toEqual(before);
  });

  test("go from the start once it was moved, and the numbers go on", () => {
    const { db, t } = bench.on;
    for (let i = 1; i <= 3; i++) t.audit.add(newNote(`run:r${i}`));
    const chain = String(bench.on.one("SELECT value FROM meta WHERE name = 'instance'"));
    const hash = String(bench.on.one("SELECT lower(hex(hash)) FROM audit WHERE seq = 3"));
    expect(t.audit.trim({ chain, seq: 3, hash }, 9)).toBe(3);
    expect(bench.on.one("SELECT count(*) FROM audit")).toBe(0);
    // Another process finds the same end.
    const fresh = new AuditTable(db);
    expect(fresh.add(newNote("run:r4"))).toBe(4);
    expect(bench.on.one("SELECT lower(hex(previous)) FROM audit WHERE seq = 4")).toBe(hash);
  });
});

describe("a change that is taken back", () => {
  const pause = (run: string) => ["pauseRun", { by: outside, run, now: start }];
  const broken = ["createRun", { by: outside, run: { ...newRun("bad"), priority: {} }, now: start }];

  test("takes its row with it, and the chain goes on from what was kept", () => {
    const { db, writer } = writerOn(folders.next());
    kept(writer.run(creation("r1")));
    const reply = writer.run([...pause("r1"), ...broken, ...pause("r1"), ...broken, ...pause("none")]);
    expect(reply.failures?.map(([index]) => index)).toEqual([1, 3]);
    kept(writer.run(pause("r1")));
    const links = db.query("SELECT seq, lower(hex(previous)), lower(hex(hash)) FROM audit ORDER BY seq").values();
    expect(links.map(([seq]) => seq)).toEqual([1, 2, 3, 4]);
    expect(links.map(([, previous]) => previous)).toEqual([chainStart, ...links.slice(0, 3).map(([, , hash]) => hash)]);
  });

  test("with its whole batch leaves no row", () => {
    const { db, writer } = writerOn(folders.next());
    kept(writer.run([...creation("r1"), ...pause("r1")]));
    const pages = Number(db.query("PRAGMA page_count").values()[0]?.[0]);
    db.query(`PRAGMA max_page_count = ${pages + 4}`).all();
    const large = creation("r2", { input: value("x".repeat(100_000)) });
    expect(writer.run([...pause("r1"), ...large])).toMatchObject({ failed: { code: "disk_full" } });
    db.query("PRAGMA max_page_count = 1073741823").all();
    kept(writer.run(pause("r1")));
    expect(db.query("SELECT seq FROM audit ORDER BY seq").values()).toEqual([[1], [2]]);
    const [first, second] = db.query("SELECT hex(hash), hex(previous) FROM audit ORDER BY seq").values();
    expect(second?.[1]).toBe(first?.[0] ?? "");
  });
});
