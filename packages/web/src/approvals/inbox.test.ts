import { expect, test } from "bun:test";
import { afterDecision, approvalKey, inboxOf } from "./inbox.ts";
import type { ListedApproval } from "./inbox.ts";

function approval(run: string, more: Partial<ListedApproval> = {}): ListedApproval {
  return {
    token: "t",
    run,
    workflow: "order",
    name: "manager",
    description: null,
    data: null,
    status: "open",
    createdAt: 10,
    expiresAt: null,
    approver: null,
    need: 1,
    of: 1,
    group: null,
    form: null,
    problem: null,
    delegable: false,
    delegatedBy: null,
    escalated: false,
    ...more,
  };
}

test("what expires first is first, then what has waited longest", () => {
  const all = [
    approval("late", { createdAt: 9 }),
    approval("early", { createdAt: 3 }),
    approval("soon", { createdAt: 20, expiresAt: 30 }),
    approval("later", { createdAt: 1, expiresAt: 40 }),
  ];
  expect(inboxOf(all, {}).map(({ run }) => run)).toEqual(["soon", "later", "early", "late"]);
  expect(inboxOf([...all, approval("x", { workflow: "y" })], { workflow: "y" }).map(({ run }) => run)).toEqual(["x"]);
});

test("after a decision comes the next one, at the end the one before, at last none", () => {
  const [a, b] = [approval("a"), approval("b")];
  expect(afterDecision([a, b], approvalKey(a))).toBe(approvalKey(b));
  expect(afterDecision([a, b], approvalKey(b))).toBe(approvalKey(a));
  expect(afterDecision([a], approvalKey(a))).toBeUndefined();
});

test("several who are asked the same have keys of their own", () => {
  const keys = ["user:ada", "user:bob"].map((approver) => approvalKey(approval("run_1", { approver })));
  expect(new Set(keys).size).toBe(2);
});

test("the key holds no token", () => {
  expect(approvalKey(approval("run_1", { token: "secret" }))).not.toContain("secret");
});
