// A program with the engine in it that dies between the commit in its own database and the one of its journal.
// Arguments: data folder, database file, marker file.
import { Database } from "bun:sqlite";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { open, workflow } from "sluice";
import type { SqliteDatabase } from "sluice";

const [data = "", file = "", marker = ""] = process.argv.slice(2);
const db = new Database(file);
db.run("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS orders (id TEXT NOT NULL)");

/** The real connection; the first commit is the last thing this process does. */
const dying: SqliteDatabase = {
  prepare: (sql) => db.prepare(sql),
  exec(sql) {
    db.run(sql);
    if (sql !== "COMMIT" || existsSync(marker)) return;
    writeFileSync(marker, "died");
    process.kill(process.pid, "SIGKILL");
  },
};

const order = workflow({ name: "order" }, async (ctx, id: string) => {
  await ctx.step("before", () => 1);
  const count = await ctx.transaction(dying, () => {
    appendFileSync(`${marker}.calls`, "x");
    db.prepare("INSERT INTO orders VALUES (?)").run(id);
    return db.prepare("SELECT count(*) AS n FROM orders").get() as { n: number };
  });
  return ctx.step("after", () => count.n);
});

const client = await open({ data, workflows: [order] });
const run = await client.start(order, "o-1", { idempotencyKey: "o-1" });
console.log(JSON.stringify(await run.result()));
await client.close();
