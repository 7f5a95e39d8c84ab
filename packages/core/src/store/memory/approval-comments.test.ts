import { expect, test } from "bun:test";
import { by, Fixture, op } from "./fixture.suite.ts";

test("comments of a plain approval are kept under its token, and handed out as copies", async () => {
  const f = new Fixture();
  await f.hot("a");
  await f.append("a", op.approval(0, "t"));
  const write = (text: string) => f.store.commentApproval({ by, token: "t", text, limit: 2, now: f.now });
  expect([await write("one"), await write("two"), await write("three")].map(({ outcome }) => outcome)).toEqual([
    "ok",
    "ok",
    "full",
  ]);
  const listed = await f.store.listComments({ token: "t", limit: 1 });
  expect(listed.map(({ text }) => text)).toEqual(["one"]);
  expect(await f.store.listComments({ token: "none", limit: 1 })).toEqual([]);
});
