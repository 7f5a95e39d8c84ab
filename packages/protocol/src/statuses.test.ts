// The closed sets are what is documented to clients: a member more or less is a change of the interface.
import { expect, test } from "bun:test";
import { schemas } from "./http/schemas.ts";
import { finalRunStatuses, isFinalStatus, runStatuses, runStatusReasons } from "./statuses.ts";

test("a run has one of nine statuses, the last four of them final", () => {
  expect([...runStatuses]).toEqual([
    "queued",
    "running",
    "waiting",
    "paused",
    "undoing",
    "completed",
    "failed",
    "cancelled",
    "timedout",
  ]);
  expect(runStatuses.slice(5)).toEqual([...finalRunStatuses]);
  expect(runStatuses.filter((status) => isFinalStatus(status))).toEqual([...finalRunStatuses]);
});

test("statuses and reasons are closed sets for clients: the API document has them, and no other word fits", () => {
  const { status, statusReason } = schemas.Run.shape.run.shape;
  for (const word of runStatuses) expect(status.safeParse(word).success).toBe(true);
  for (const word of [...runStatusReasons, null]) expect(statusReason.safeParse(word).success).toBe(true);
  for (const word of ["done", "Queued", "", "error"]) expect(status.safeParse(word).success).toBe(false);
  for (const word of ["because", "ERROR", "", "queued"]) expect(statusReason.safeParse(word).success).toBe(false);
  expect(new Set(runStatusReasons).size).toBe(runStatusReasons.length);
});
