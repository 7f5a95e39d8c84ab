import { expect, test } from "bun:test";
import { Reads } from "./reads.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("only the verbs there are can be asked for", () => {
  const reads = new Reads(bench.on.db);
  for (const verb of ["drop", "constructor", "__proto__", "toString"]) {
    expect(() => reads.execute(verb, {})).toThrow("the reader has no verb");
  }
});
