import { expect, test } from "bun:test";
import type { AuditOutcome } from "../../kernel/audit-log.ts";
import { follow, noteOf } from "./trail.fixture.suite.ts";
import { trimmedUpTo, trimText } from "./trim-note.ts";

function upTo(after: string | undefined, outcome: AuditOutcome = "done"): number {
  const [row] = follow({ seq: 99, hash: "00".repeat(32) }, [noteOf(1, { after, outcome })]);
  if (row === undefined) throw new Error("there is no row");
  return trimmedUpTo(row);
}

test("what was written is read back, of intents and outcomes", () => {
  const text = trimText({ chain: "c1", seq: 42, hash: "ab" });
  expect([upTo(text), upTo(text, "intended")]).toEqual([42, 42]);
});

test("a row that failed, names itself or one behind, or cannot be read lets go of nothing", () => {
  const far = trimText({ chain: "c1", seq: 100, hash: "ab" });
  expect([upTo(trimText({ chain: "c1", seq: 42, hash: "ab" }), "failed"), upTo(far)]).toEqual([0, 0]);
  expect(
    [undefined, "", "{", "{}", '{"upTo":{"seq":-4,"hash":""}}', '{"upTo":{"seq":1e99}}'].map((text) => upTo(text)),
  ).toEqual([0, 0, 0, 0, 0, 0]);
});
