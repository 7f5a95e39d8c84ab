import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enterWal } from "./enter-wal.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-wal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("many processes that make one database at the same moment all get in", async () => {
  const program = `import { Database } from "bun:sqlite";
import { enterWal } from ${JSON.stringify(join(import.meta.dir, "enter-wal.ts"))};
await Bun.stdin.text();
for (const file of process.argv.slice(1)) {
  const db = new Database(file, { create: true });
  enterWal(db, 10_000);
  db.run("CREATE TABLE IF NOT EXISTS t (x)");
  db.close();
}`;
  const files = Array.from({ length: 20 }, (_, at) => join(folder, `${at}.db`));
  const children = Array.from({ length: 6 }, () =>
    Bun.spawn([process.execPath, "-e", program, ...files], { stdin: "pipe", stdout: "ignore", stderr: "pipe" }),
  );
  // They begin together.
  for (const { stdin } of children) await stdin.end();
  const ends = await Promise.all(children.map(async ({ exited, stderr }) => [await exited, await stderr.text()]));
  expect(ends).toEqual(children.map(() => [0, ""]));
});

test("what is no lock is told at once", () => {
  const db = new Database(join(folder, "closed.db"), { create: true });
  db.close();
  expect(() => enterWal(db, 10_000)).toThrow(/closed/i);
});
