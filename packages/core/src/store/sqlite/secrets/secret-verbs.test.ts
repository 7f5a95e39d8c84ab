import { expect, test } from "bun:test";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { secretVerbs } from "./secret-verbs.ts";

const bench = withBench();

test("what is refused changes nothing", () => {
  const { t } = bench.on;
  const put = (name: string) =>
    secretVerbs.putSecret(t, { by: ada, name, sealed: Uint8Array.of(1), key: "k", secretsMax: 1, now: start });
  put("a");
  const before = bench.on.changes;
  expect(put("b")).toEqual({ outcome: "full" });
  const stale = [{ name: "a", version: 7, sealed: Uint8Array.of(2) }];
  expect(secretVerbs.resealSecrets(t, { by: ada, key: "k2", secrets: stale, now: start })).toEqual({ resealed: 0 });
  expect(bench.on.changes).toBe(before);
});
