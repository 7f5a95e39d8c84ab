import { expect, test } from "bun:test";
import { fail, ok } from "../kernel/result.ts";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/index.ts";
import { TerminalAudit } from "./audit.ts";

const by = { kind: "user", id: "ada", origin: {} } as const;

test("what is done stands between its intent, with what it is about, and its outcome", async () => {
  const { audit } = new MemoryRunStore();
  const trail = new TerminalAudit({ audit, clock: new SimulatedClock(1_000) });
  const one = { by, action: "terminal:create", id: "term_1", what: { command: ["sh"] } };
  const before: number[] = [];
  expect(
    await trail.around(one, async () => {
      before.push((await audit.readAudit({ after: 0, limit: 9 })).length);
      return ok(7);
    }),
  ).toEqual(ok(7));
  await trail.around({ ...one, id: "term_2" }, () => fail({ code: "conflict", message: "no" }));
  const rows = await audit.readAudit({ after: 0, limit: 9 });
  expect(before).toEqual([1]);
  expect(rows.map(({ target, outcome, reason, after }) => [target, outcome, reason ?? null, after ?? null])).toEqual([
    ["terminal:term_1", "intended", null, '{"command":["sh"]}'],
    ["terminal:term_1", "done", null, null],
    ["terminal:term_2", "intended", null, '{"command":["sh"]}'],
    ["terminal:term_2", "failed", "conflict", null],
  ]);
});
