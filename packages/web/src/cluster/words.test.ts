// What is counted and said of plans.
import { describe, expect, test } from "bun:test";
import { applyProblem, approvalProblem, componentOf, valueText, weigh, worstRisk } from "./words.ts";

const change = (action: "create" | "update" | "unchanged" | "unknown", risk: "low" | "medium" | "high") => ({
  action,
  risk,
  irreversible: false,
  conflicts: [],
});

describe("a plan", () => {
  test("is weighed by what it does; what stays as it is weighs nothing, what goes weighs most", () => {
    const weight = weigh(
      [
        { ...change("update", "high"), irreversible: true },
        { ...change("update", "medium"), conflicts: [{ field: ".spec.replicas", manager: "hpa" }] },
        change("create", "low"),
        change("unknown", "medium"),
        { ...change("unchanged", "low"), irreversible: true },
      ],
      2,
    );
    expect(weight).toEqual({
      create: 1,
      update: 2,
      unknown: 1,
      prune: 2,
      unchanged: 1,
      high: 3,
      medium: 2,
      low: 1,
      irreversible: 1,
      conflicts: 1,
    });
    expect(worstRisk(weight)).toBe("high");
    expect(worstRisk(weigh([change("create", "low")], 0))).toBe("low");
    expect(worstRisk(weigh([change("unknown", "medium")], 0))).toBe("medium");
    expect(worstRisk(weigh([change("unchanged", "low")], 0))).toBeUndefined();
    expect(worstRisk(weigh([], 1))).toBe("high");
  });

  const open = {
    status: "open",
    approval: "other",
    requestedBy: "user_1",
    violations: [] as { rule: string; message: string }[],
    expiresAt: 10,
  } as const;

  test("is approved by somebody else, in time, and only while it is open and keeps the rules", () => {
    const by = (me: string, now = 5) => ({ me, now });
    expect(approvalProblem(open, by("user_2"))).toBeUndefined();
    expect(approvalProblem({ ...open, approval: "self" }, by("user_1"))).toBeUndefined();
    expect(approvalProblem(open, by("user_1"))).toContain("somebody else");
    expect(approvalProblem(open, by("user_2", 10))).toContain("too old");
    expect(approvalProblem({ ...open, status: "approved" }, by("user_2"))).toContain("decided");
    expect(approvalProblem({ ...open, violations: [{ rule: "r", message: "m" }] }, by("user_2"))).toContain("policy");
  });

  test("is applied once, in time, when it is approved", () => {
    const approved = { ...open, status: "approved" } as const;
    expect(applyProblem(approved, 5)).toBeUndefined();
    expect(applyProblem(approved, 10)).toContain("too old");
    expect(applyProblem(open, 5)).toContain("approved first");
    expect(applyProblem({ ...open, status: "applied" }, 5)).toContain("has been applied");
    expect(applyProblem({ ...approved, violations: [{ rule: "r", message: "m" }] }, 5)).toContain("policy");
  });
});

test("text is shown as it is, everything else as JSON", () => {
  expect(["a\nb", 3, null, { a: [1] }].map(valueText)).toEqual(["a\nb", "3", "null", '{\n  "a": [\n    1\n  ]\n}']);
});

test("only runs of operations have a component", () => {
  const tags = ["cluster:main", "component:web"];
  expect(componentOf({ workflow: "cluster.operation", tags })).toBe("web");
  expect(componentOf({ workflow: "order", tags })).toBeUndefined();
  expect(componentOf({ workflow: "cluster.operation", tags: [] })).toBeUndefined();
});
