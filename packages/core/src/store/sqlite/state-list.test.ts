import { expect, test } from "bun:test";
import { value } from "../run-store.fixture.suite.ts";
import { listState } from "./state-list.ts";
import { plansOf, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const put = (...keys: readonly string[]) => {
  for (const key of keys) bench.on.t.state.put({ scope: "s", key }, value(key));
};
const list = (more: object) =>
  listState(bench.on.db, { scope: "s", limit: 9, now: 0, ...more }).entries.map(({ key }) => key);

test("keys that begin alike are listed whatever characters follow", () => {
  put("a", "a\u{10FFFE}", "a%", "a_", "b");
  expect(list({ prefix: "a" })).toEqual(["a", "a%", "a_", "a\u{10FFFE}"]);
  expect(list({ prefix: "a%" })).toEqual(["a%"]);
});

test("keys that fit several patterns are listed once, in the order of their bytes", () => {
  put("a\u{FFFD}", "a\u{1F600}", "a", "b", "ab");
  expect(list({ keys: ["*b", "a*", "ab"] })).toEqual(["a", "ab", "a\u{FFFD}", "a\u{1F600}", "b"]);
  const first = listState(bench.on.db, { scope: "s", limit: 2, now: 0, keys: ["*b", "a*"] });
  expect(list({ keys: ["*b", "a*"], cursor: first.next })).toEqual(["a\u{FFFD}", "a\u{1F600}", "b"]);
});

test("a page of what fits a pattern is read from its range alone", () => {
  put(...Array.from({ length: 2_000 }, (_, i) => `a${i}`), "z1");
  const plans = plansOf(bench.on.db, () => expect(list({ keys: ["z*"] })).toEqual(["z1"]));
  expect(plans).toEqual(["SEARCH state USING PRIMARY KEY (scope=? AND key>? AND key<?)"]);
});
