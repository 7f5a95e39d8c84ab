import { expect, test } from "bun:test";
import { checkKey, hookDoor, storedKey } from "./idempotency-key.ts";

test("a key is kept as it is, or behind the name of its door, which is no other's", () => {
  const door = hookDoor({ method: "POST", path: "/a" });
  expect(storedKey({ key: "k" })).toBe("k");
  expect(storedKey({ key: "k", door })).toBe("@hook POST /a k");
  expect(storedKey({ door })).toBeUndefined();
  expect(storedKey({ key: "b k", door })).not.toBe(
    storedKey({ key: "k", door: hookDoor({ method: "POST", path: "/a/b" }) }),
  );
});

test("a key that would be another door's is refused, and so are an empty one and one that is too long", () => {
  const door = hookDoor({ method: "POST", path: "/a" });
  for (const key of ["@hook POST /a k", "", "k".repeat(513)]) expect(checkKey({ key })?.error.code).toBe("bad_request");
  for (const key of ["k", "hook", "@hooks"]) expect(checkKey({ key })).toBeUndefined();
  expect(checkKey({ key: "@hook POST /a k", door })).toBeUndefined();
  expect(checkKey({ key: "k".repeat(512), door })).toBeUndefined();
  expect(checkKey({})).toBeUndefined();
});
