import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a secret that is put again keeps when it was made", () => {
  const { secrets } = bench.on.t;
  expect(secrets.put({ name: "a", sealed: Uint8Array.of(1), key: "k", now: start })).toBe(1);
  expect(secrets.put({ name: "a", sealed: Uint8Array.of(2), key: "k", now: start + 5 })).toBe(2);
  expect(bench.on.column("SELECT created_at || ' ' || updated_at FROM secrets")).toEqual([`${start} ${start + 5}`]);
  expect([secrets.count(), secrets.delete("b"), secrets.delete("a"), secrets.count()]).toEqual([1, false, true, 0]);
});
