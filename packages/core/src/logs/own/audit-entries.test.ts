import { expect, test } from "bun:test";
import type { AuditRecord } from "../../kernel/audit-log.ts";
import { auditEntry } from "./audit-entries.ts";

test("a row of the audit trail says who did what, and to which run", () => {
  const by = { kind: "user", id: "u1", origin: { name: "Ada", address: "10.0.0.1" } } as const;
  const row: AuditRecord = {
    seq: 3,
    at: 5,
    by,
    action: "run:cancel",
    target: "run:run_1",
    outcome: "refused",
    reason: "forbidden",
    previous: "",
    hash: "",
  };
  const { line, timeMs, fields } = auditEntry(row);
  expect([line, timeMs]).toEqual(["run:cancel run:run_1 refused", 5]);
  expect({ ...fields }).toEqual({
    level: "warn",
    audit: 3,
    action: "run:cancel",
    target: "run:run_1",
    outcome: "refused",
    reason: "forbidden",
    by: "user:u1",
    byName: "Ada",
    address: "10.0.0.1",
    run: "run_1",
  });
});
