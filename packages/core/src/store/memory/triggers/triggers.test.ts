import { expect, test } from "bun:test";
import { Triggers } from "./triggers.ts";

test("expired marks are let go, a few at a time", () => {
  const triggers = new Triggers();
  const begun = { paused: false, version: 0, position: 0, fired: 0, failures: 0 };
  triggers.add({ id: "b:x", workflow: "b", kind: "poll", createdAt: 1, ...begun });
  triggers.add({ id: "a:x", workflow: "a", kind: "poll", createdAt: 1, ...begun });
  for (const key of ["1", "2", "3"]) triggers.row("a:x")?.marks.set(key, { key, at: 1, expiresAt: 5 });
  triggers.row("a:x")?.marks.set("kept", { key: "kept", at: 1 });
  expect(triggers.list().map(({ id }) => id)).toEqual(["a:x", "b:x"]);
  expect([triggers.sweepMarks(4, 9), triggers.sweepMarks(5, 2), triggers.sweepMarks(5, 9)]).toEqual([0, 2, 1]);
  expect([...(triggers.row("a:x")?.marks.keys() ?? [])]).toEqual(["kept"]);
});
