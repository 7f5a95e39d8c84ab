import { expect, test } from "bun:test";
import { cannotApprove, cannotBegin, notFound } from "./refusals.ts";

test("each reason has a code of its own and says what to do", () => {
  const approve = (["not_found", "other_hash", "expired", "same_person", "not_open"] as const).map((why) =>
    cannotApprove("plan_1", why),
  );
  expect(approve.map(({ code }) => code)).toEqual([
    "plan_not_found",
    "plan_stale",
    "plan_expired",
    "requester_may_not_decide",
    "already_decided",
  ]);
  const begin = (["not_found", "other_hash", "expired", "not_approved", "stale"] as const).map((why) =>
    cannotBegin("plan_1", why),
  );
  expect(begin.map(({ code }) => code)).toEqual([
    "plan_not_found",
    "plan_stale",
    "plan_expired",
    "plan_not_approved",
    "plan_stale",
  ]);
  expect(begin.every(({ hint }) => hint !== undefined)).toBe(true);
  expect(notFound("cluster", "x")).toMatchObject({
    code: "cluster_not_found",
    message: expect.stringContaining('"x"'),
  });
});
