// `kill -9` between the commit in the user's database and the journal's: the effect takes place once, and its result is found.

import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const work = mkdtempSync(join(tmpdir(), "sluice-transaction-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

test("killed after the commit of the effect, the run goes on with its result and does not repeat it", async () => {
  const file = join(work, "shop.db");
  const marker = join(work, "marker");
  const args = [
    process.execPath,
    join(import.meta.dir, "transaction-child.suite.ts"),
    join(work, "data"),
    file,
    marker,
  ];
  const first = Bun.spawn(args, { stdout: "pipe", stderr: "inherit" });
  await first.exited;
  expect([first.signalCode, await first.stdout.text()]).toEqual(["SIGKILL", ""]);
  const second = Bun.spawn(args, { stdout: "pipe", stderr: "inherit" });
  expect([await second.exited, await second.stdout.text()]).toEqual([0, "1\n"]);
  const db = new Database(file);
  expect(db.query("SELECT id FROM orders").values()).toEqual([["o-1"]]);
  db.close();
  expect(readFileSync(`${marker}.calls`, "utf8")).toBe("x");
}, 30_000);
