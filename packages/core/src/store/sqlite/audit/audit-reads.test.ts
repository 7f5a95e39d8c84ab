import { expect, test } from "bun:test";
import fc from "fast-check";
import type { AuditFilter, AuditNote } from "../../../kernel/audit-log.ts";
import { newNote, outside } from "../../audit-log.fixture.suite.ts";
import { AuditTrail } from "../../memory/audit/audit-trail.ts";
import { start } from "../../run-store.fixture.suite.ts";
import { Bench, plansOf, withBench } from "../sqlite-store.fixture.suite.ts";
import { readAudit, searchAudit } from "./audit-reads.ts";

const bench = withBench();

test("a search finds what the one in memory finds, whatever is asked and whichever way the clock went", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "B", "b", "*", "%", ":", "é", "É"), maxLength: 4 });
  const at = fc.integer({ min: start, max: start + 9 });
  const notes = fc.array(
    fc.record({
      at,
      by: fc.record({ kind: fc.constantFrom("user" as const, "token" as const), id: text }),
      action: fc.constantFrom("run:start", "run:cancel", "run"),
      target: text,
      outcome: fc.constantFrom("done" as const, "refused" as const),
      reason: fc.option(text, { nil: undefined }),
    }),
    { maxLength: 25 },
  );
  const filter = fc.record(
    {
      actor: fc.oneof(
        fc.constantFrom("user", "token", "user:"),
        text.map((id) => `user:${id}`),
      ),
      action: fc.constantFrom("run:*", "run:start", "*", "r*"),
      target: fc.oneof(
        text,
        text.map((beginning) => `${beginning}*`),
      ),
      outcome: fc.constantFrom("done" as const, "failed" as const),
      from: at,
      to: at,
      text,
    },
    { requiredKeys: [] },
  );
  const page = fc.record(
    { filter, limit: fc.integer({ min: 1, max: 4 }), before: fc.integer({ min: 0, max: 30 }) },
    { requiredKeys: ["filter", "limit"] },
  );
  fc.assert(
    fc.property(notes, page, (written: readonly AuditNote[], asked) => {
      const on = new Bench();
      const trail = new AuditTrail("n");
      for (const note of written) expect(on.t.audit.add(note)).toBe(trail.add(note));
      expect(searchAudit(on.db, asked)).toEqual(trail.search(asked));
      expect(readAudit(on.db, { after: 2, limit: asked.limit })).toEqual(trail.read({ after: 2, limit: asked.limit }));
      on.db.close();
    }),
    { numRuns: 150 },
  );
});

test.each([
  [{ target: "run:r1" }, "audit_by_target (target=?)"],
  [{ target: "run:*" }, "audit_by_target (target>? AND target<?)"],
  [{ actor: "user:ada" }, "audit_by_actor (by_kind=? AND by_id=?)"],
  [{ action: "backup:create" }, "audit_by_action (action=?)"],
  [{ from: start }, "SEARCH audit USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
] satisfies readonly (readonly [AuditFilter, string])[])("a search for %p uses an index", (filter, index) => {
  bench.on.t.audit.add(newNote("run:r1", { by: outside }));
  expect(plansOf(bench.on.db, () => searchAudit(bench.on.db, { filter, limit: 9 })).join("; ")).toContain(index);
});
