// What the server says, told apart by what can be done about it.
import { expect, test } from "bun:test";
import { failureOf, isLost } from "../sqlite/failures.ts";
import { PostgresError } from "./postgres-error.ts";

test.each([
  ["08006", "lost"],
  ["57P01", "lost"],
  ["ERR_POSTGRES_CONNECTION_CLOSED", "lost"],
  ["40001", "batch"],
  ["53100", "batch"],
  ["23505", "verb"],
  ["22P02", "verb"],
  ["42601", "verb"],
  ["XX000", "fatal"],
] as const)("%s reaches %s", (code, reach) => {
  const error = new PostgresError({ message: "no", code });
  expect(failureOf(error).reach).toBe(reach);
  expect(isLost(error)).toBe(reach === "lost");
});

test("Bun's errors have the server's code beside a word of their own", () => {
  const thrown = Object.assign(new Error("duplicate key"), { code: "ERR_POSTGRES_SERVER_ERROR", errno: "23505" });
  expect(PostgresError.of(thrown)).toMatchObject({ message: "duplicate key", code: "PG_23505" });
  expect(PostgresError.of("what?")).toMatchObject({ message: "what?", code: "PG_" });
});
