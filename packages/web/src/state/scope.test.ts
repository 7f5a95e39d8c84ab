import { expect, test } from "bun:test";
import { readScope, writeScope } from "./scope.ts";

test("scopes are read as they are written", () => {
  for (const scope of ["global", "workflow:billing/invoice", "run:run_1", "workflow:a:b"])
    expect(writeScope(readScope(scope))).toBe(scope);
});

test("what is no scope is everybody's, and one without a name is none yet", () => {
  expect(readScope(undefined)).toEqual({ kind: "global", name: "" });
  expect(readScope("nonsense:x")).toEqual({ kind: "global", name: "" });
  expect(writeScope({ kind: "run", name: "" })).toBeUndefined();
  expect(readScope("run:")).toEqual({ kind: "run", name: "" });
});
