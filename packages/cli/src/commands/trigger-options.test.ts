import { expect, test } from "bun:test";
import { pairsOf } from "./trigger-options.ts";

test("pairs are split at the first separator", () => {
  expect(pairsOf(["x-a: b:c", "y:"], ":", "--header")).toEqual({ "x-a": "b:c", y: "" });
  expect(pairsOf(["id=a=b"], "=", "--param")).toEqual({ id: "a=b" });
  expect(pairsOf(undefined, "=", "--param")).toEqual({});
  expect(() => pairsOf(["none"], "=", "--param")).toThrow("is not name=value");
});
