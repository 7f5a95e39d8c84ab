// Which PostgreSQL may decide; `recovery-real.slow.test.ts` has real ones.
import { expect, test } from "bun:test";
import { postgresEpochs } from "./epochs-postgres.ts";

function over(row: object) {
  const servers = {
    session: <T>({
      work,
    }: {
      readonly work: (query: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>) => Promise<T>;
    }) => work(async (sql) => (sql.includes("pg_is_in_recovery") ? [row as Readonly<Record<string, unknown>>] : [])),
  };
  return postgresEpochs({ url: "postgres://x", name: "shop", servers, timeoutMs: 1 });
}

test.each([
  [{ standby: true, fsync: "on", followers: "1" }, "standby"],
  [{ standby: false, fsync: "off", followers: "1" }, "sync"],
  [{ standby: false, fsync: "on", followers: "0" }, "asynchronously"],
])("%j is refused", async (row, why) => {
  for (const answer of [await over(row).read(), await over(row).claim({ attempt: "x" })]) {
    expect(answer).toMatchObject({
      outcome: "refused",
      rule: "epochs-asynchronous",
      reason: expect.stringContaining(why),
    });
  }
});

test("one with a synchronous standby may, and without an answer nobody knows", async () => {
  expect(await over({ standby: false, fsync: "on", followers: "1" }).read()).toEqual({
    outcome: "ok",
    claim: undefined,
  });
  const servers = { session: () => Promise.reject(new Error("gone")) };
  const epochs = postgresEpochs({ url: "x", name: "shop", servers, timeoutMs: 1 });
  expect(await epochs.conclude({ attempt: "x", epoch: 1, site: "a" })).toEqual({ outcome: "silent", reason: "gone" });
});
