import { expect, test } from "bun:test";
import { execute } from "./verbs.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("only the verbs there are can be asked for", () => {
  for (const verb of ["dropTables", "constructor", "__proto__", "toString"]) {
    expect(() => execute(bench.on.t, verb, {})).toThrow("the writer has no verb");
  }
});
