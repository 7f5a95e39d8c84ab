// A program with the engine in it that dies between the commit in PostgreSQL and the one of its journal.
// Arguments: data folder, URL of the database, marker file.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { open, workflow } from "sluice";
import type { PostgresDatabase } from "sluice";

const [data = "", url = "", marker = ""] = process.argv.slice(2);

/** What of a connection is used here. */
interface Connection extends PostgresDatabase {
  unsafe(sql: string, params?: never): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}
const db = new Bun.SQL({ url, max: 2 }) as unknown as Connection;
await db.unsafe("CREATE TABLE IF NOT EXISTS killed (id text NOT NULL)");

/** The real connection; the first commit is the last thing this process does. */
const dying: PostgresDatabase = {
  unsafe: (sql, params) => db.unsafe(sql, params),
  async begin(body) {
    const result = await db.begin(body);
    if (existsSync(marker)) return result;
    writeFileSync(marker, "died");
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => undefined);
  },
};

const order = workflow({ name: "order" }, async (ctx, id: string) => {
  await ctx.step("before", () => 1);
  const count = await ctx.transaction(dying, async (connection) => {
    const tx = connection as unknown as Connection;
    appendFileSync(`${marker}.calls`, "x");
    await tx.unsafe("INSERT INTO killed VALUES ($1)", [id] as never);
    const [row] = await tx.unsafe("SELECT count(*)::int AS n FROM killed");
    return Number(row?.["n"]);
  });
  return ctx.step("after", () => count);
});

const client = await open({ data, workflows: [order] });
const run = await client.start(order, "o-1", { idempotencyKey: "o-1" });
console.log(JSON.stringify(await run.result()));
await client.close();
await db.close();
