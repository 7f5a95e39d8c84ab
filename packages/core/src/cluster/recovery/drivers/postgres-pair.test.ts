// Orders to a PostgreSQL server that refuses or does not answer; `recovery-real.slow.test.ts` has real ones.
import { expect, test } from "bun:test";
import { postgresPair } from "./postgres-pair.ts";

function over(setting: string) {
  const asked: string[] = [];
  const servers = {
    session: <T>({
      work,
    }: {
      readonly work: (query: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>) => Promise<T>;
    }) =>
      work(async (sql) => {
        asked.push(sql);
        return sql.includes("pg_file_settings") ? [{ setting }] : [{ standby: true, position: "7" }];
      }),
  };
  const urls = { a: "postgres://a" };
  return { asked, pair: postgresPair({ name: "db", urls, standbyNames: {}, servers, timeoutMs: 5 }) };
}

test("an order of a lower epoch is stale, and nothing is changed", async () => {
  const { asked, pair } = over("3.2");
  expect(await pair.freeze({ epoch: 2, site: "a" })).toEqual({ outcome: "stale" });
  expect(await pair.guard({ epoch: 3, site: "a" })).toEqual({ outcome: "stale" });
  expect(asked.filter((sql) => sql.startsWith("ALTER"))).toEqual([]);
  expect(await pair.guard({ epoch: 4, site: "a" })).toEqual({ outcome: "ok", position: 7 });
  expect(asked.filter((sql) => sql.startsWith("ALTER"))).toEqual(["ALTER SYSTEM SET sluice.fence = '4.1'"]);
});

test("a site without an answer, or without a URL, is silent", async () => {
  const { pair } = over("1.1");
  expect(await pair.look("b")).toEqual({ outcome: "silent", reason: "no URL of site b" });
  const servers = { session: () => Promise.reject(new Error("gone")) };
  const gone = postgresPair({ name: "db", urls: { a: "x" }, standbyNames: {}, servers, timeoutMs: 1 });
  expect(await gone.fence({ epoch: 2, site: "a" })).toEqual({ outcome: "silent", reason: "gone" });
});
