import { expect, test } from "bun:test";
import { QueryError } from "../scanner.ts";
import { LogQlError } from "./logql-error.ts";

test("what cannot be answered has a name of its own, and is no fault of the text", () => {
  const error = new LogQlError("too many series");
  expect([error.name, error.message]).toEqual(["LogQlError", "too many series"]);
  expect(error).not.toBeInstanceOf(QueryError);
});
