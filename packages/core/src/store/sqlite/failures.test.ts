import { expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
import { failureOf } from "./failures.ts";

function database(code: string): Error {
  return Object.assign(new Error("as the database says"), { code });
}

test.each([
  ["SQLITE_FULL", "batch", "disk_full"],
  ["SQLITE_IOERR_SHMSIZE", "batch", "disk_full"],
  ["SQLITE_BUSY", "batch", "unavailable"],
  ["SQLITE_BUSY_RECOVERY", "batch", "unavailable"],
  ["SQLITE_TOOBIG", "verb", "payload_too_large"],
  ["SQLITE_CONSTRAINT_UNIQUE", "verb", "store_failed"],
  ["SQLITE_IOERR_FSYNC", "fatal", "store_failed"],
  ["SQLITE_IOERR_WRITE", "fatal", "store_failed"],
  ["SQLITE_CORRUPT", "fatal", "store_failed"],
  ["SQLITE_READONLY", "fatal", "store_failed"],
] as const)("%s reaches as far as: %s, %s", (code, reach, answered) => {
  const failure = failureOf(database(code));
  expect([failure.reach, failure.error.code]).toEqual([reach, answered]);
});

test("an error of a verb keeps its code, a bug its text", () => {
  const refused = new SluiceError({ code: "invalid_filter", message: "no", hint: "yes" });
  expect(failureOf(refused)).toEqual({ reach: "verb", error: { code: "invalid_filter", message: "no", hint: "yes" } });
  const bug = failureOf(new TypeError("x is undefined"));
  expect([bug.reach, bug.error.code]).toEqual(["verb", "internal"]);
  expect(bug.error.message).toContain("x is undefined");
});
