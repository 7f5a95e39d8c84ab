import { expect, test } from "bun:test";
import { auditHash, chainStart } from "../../../kernel/audit-chain.ts";
import { newNote } from "../../audit-log.fixture.suite.ts";
import { AuditTrail } from "./audit-trail.ts";

test("a trail that was let go wholly goes on where it was", () => {
  const trail = new AuditTrail("n");
  for (let i = 0; i < 3; i++) trail.add(newNote(`run:r${i}`));
  const head = trail.head();
  expect(trail.trim(head, 2)).toBe(2);
  expect(trail.read({ after: 0, limit: 9 }).map(({ seq }) => seq)).toEqual([3]);
  expect(trail.trim(head, 2)).toBe(1);
  expect([trail.start(), trail.head()]).toEqual([head, head]);
  expect(trail.add(newNote("run:r3"))).toBe(4);
  expect(trail.read({ after: 0, limit: 9 })).toMatchObject([{ seq: 4, previous: head.hash }]);
});

test("two trails with the same rows have the same hashes", () => {
  const [one, other] = [new AuditTrail("a"), new AuditTrail("b")];
  for (const trail of [one, other]) trail.add(newNote("run:r1"));
  expect(one.head().hash).toBe(other.head().hash);
  const [row] = one.read({ after: 0, limit: 1 });
  expect(row?.previous).toBe(chainStart);
  expect(row === undefined ? undefined : auditHash(row)).toBe(one.head().hash);
});
