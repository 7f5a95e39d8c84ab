import { expect, test } from "bun:test";
import { value } from "../run-store.fixture.suite.ts";
import { Reads } from "./reads.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("keys that begin alike are listed whatever characters follow", () => {
  for (const key of ["a", "a\u{10FFFE}", "a%", "a_", "b"]) bench.on.t.state.put({ scope: "s", key }, value(key));
  const reads = new Reads(bench.on.db);
  const list = (prefix: string) =>
    reads.listState({ scope: "s", prefix, limit: 9, now: 0 }).entries.map(({ key }) => key);
  expect(list("a")).toEqual(["a", "a%", "a_", "a\u{10FFFE}"]);
  expect(list("a%")).toEqual(["a%"]);
});

test("only the verbs there are can be asked for", () => {
  const reads = new Reads(bench.on.db);
  for (const verb of ["drop", "constructor", "__proto__", "toString"]) {
    expect(() => reads.execute(verb, {})).toThrow("the reader has no verb");
  }
});
