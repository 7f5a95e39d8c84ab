// Reads that are begun anew until all their questions have an answer.
import { expect, test } from "bun:test";
import type { Sent } from "./bridge-thread.ts";
import { SuspendedConnection } from "./suspended-connection.ts";

function connection(rows: (sent: Sent) => readonly unknown[]) {
  const asked: Sent[] = [];
  const db = new SuspendedConnection({
    primaryKeys: new Map(),
    query: async (sent) => {
      asked.push(sent);
      return rows(sent);
    },
  });
  return { db, asked };
}

test("a read asks each question once, one after the other, and has the rows as SQLite would give them", async () => {
  const { db, asked } = connection(({ values }) => [{ next: Number(values[0]) + 1, big: 5n }]);
  const found = await db.look((to) => {
    const statement = to.compile<{ next: number; big: number }>("SELECT next FROM x WHERE id = ?");
    const first = statement.get(1);
    const second = statement.get(first?.next ?? 0);
    return [first, second, statement.all(1).length];
  });
  expect(found).toEqual([{ next: 2, big: 5 }, { next: 3, big: 5 }, 1]);
  expect(asked).toEqual([
    { text: "SELECT next FROM x WHERE id = $1", values: [1] },
    { text: "SELECT next FROM x WHERE id = $1", values: [2] },
  ]);
});

test("reads at the same time do not see each other's answers, and none is kept", async () => {
  let count = 0;
  const { db, asked } = connection(() => [{ n: count++ }]);
  const read = () => db.look((to) => to.rows<{ n: number }>("SELECT n FROM x")[0]?.n);
  expect(await Promise.all([read(), read()])).toEqual([0, 1]);
  expect(await read()).toBe(2);
  expect(asked).toHaveLength(3);
});

test("what a read throws, what the server says, and a change that is asked for reject", async () => {
  const { db } = connection(() => []);
  await expect(db.look(() => JSON.parse("{"))).rejects.toThrow(SyntaxError);
  await expect(db.look((to) => to.compile("DELETE FROM x").run())).rejects.toThrow("was asked for a change");
  await expect(db.look((to) => to.run("COMMIT"))).rejects.toThrow("was asked for a change");
  const broken = new SuspendedConnection({ primaryKeys: new Map(), query: () => Promise.reject(new Error("gone")) });
  await expect(broken.look((to) => to.rows("SELECT 1"))).rejects.toThrow("gone");
});
