import { expect, test } from "bun:test";
import { start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("only what is open can expire", () => {
  const { tokens } = bench.on.t;
  const token = { kind: "callback", run: "r1", workflow: "w", name: "n", createdAt: start } as const;
  for (const [seq, name] of ["a", "b", "c"].entries()) tokens.insert({ ...token, token: name, seq });
  tokens.use("a", { value: new Uint8Array([1]) });
  tokens.expire("a");
  tokens.expireOfEntry("r1", 1);
  expect(["a", "b", "c"].map((name) => tokens.get(name)?.status)).toEqual(["used", "expired", "open"]);
  tokens.expireOfRun("r1");
  expect(["a", "b", "c"].map((name) => tokens.get(name)?.status)).toEqual(["used", "expired", "expired"]);
  tokens.deleteOfEntry("r1", 0);
  expect(tokens.get("a")).toBeUndefined();
});
