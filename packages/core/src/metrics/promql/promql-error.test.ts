import { expect, test } from "bun:test";
import { unanswerable, unreadable } from "./promql-error.ts";

test("a fault says of which kind it is, and where it stands", () => {
  const [one, other] = [unreadable("a", 3), unanswerable("b")];
  expect([one.kind, one.at, one.message]).toEqual(["bad_data", 3, "a"]);
  expect([other.kind, other.at, other.message]).toEqual(["execution", undefined, "b"]);
});
