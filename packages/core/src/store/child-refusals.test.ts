import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { childRefusal } from "./child-refusals.ts";

test("a child that does not come to be leaves the reason, with the code a start would get", () => {
  const child = {
    id: "c",
    workflow: "w",
    version: "v",
    input: encodeValue(1),
    priority: 0,
    tags: [],
    createdAt: 0,
    dueAt: 0,
    key: "k",
  };
  const of = (refused: Parameters<typeof childRefusal>[1]) => childRefusal(child, refused);
  expect(of({ outcome: "conflict" })).toMatchObject({
    code: "idempotency_conflict",
    message: expect.stringContaining("k"),
  });
  expect(of({ outcome: "id_taken" }).code).toBe("run_id_taken");
  expect(of({ outcome: "rate_limited", retryAt: 7 })).toMatchObject({ code: "rate_limited", details: { retryAt: 7 } });
  expect(of({ outcome: "queue_full", queued: 3 })).toMatchObject({
    code: "queue_full",
    message: expect.stringContaining("3"),
  });
});
