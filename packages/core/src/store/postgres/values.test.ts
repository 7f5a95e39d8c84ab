// Values come back as they were sent, and texts sort as they do on SQLite.
import { expect, test } from "bun:test";
import { plainRow, sendable } from "./values.ts";

const awkward = [
  "",
  "a",
  "a\u0000",
  "a\u0000\u0000b",
  "a\u0001",
  "a\u0001\u0001",
  "a\u0001\u0002",
  "\u0000",
  "a\u0002",
  "a b",
];

test("a text with a NUL is sent without one, and comes back as it was", () => {
  for (const each of awkward) {
    const sent = String(sendable(each));
    expect(sent).not.toContain("\u0000");
    expect(plainRow({ text: sent })).toEqual({ text: each });
  }
});

test("texts are in the same order on their way as they are by themselves", () => {
  const byItself = awkward.toSorted();
  const sent = awkward.toSorted((a, b) => (String(sendable(a)) < String(sendable(b)) ? -1 : 1));
  expect(sent).toEqual(byItself);
});

test("truths are numbers, absent is null, and 64 bits are a number", () => {
  expect([sendable(true), sendable(false), sendable(undefined), sendable(5)]).toEqual([1, 0, null, 5]);
  const bytes = new Uint8Array([0, 1]);
  const fromClient = plainRow({ bytes: Buffer.from([0, 1]) }) as { readonly bytes: unknown };
  expect([fromClient, Buffer.isBuffer(fromClient.bytes)]).toEqual([{ bytes }, false]);
  expect(plainRow({ n: 1_700_000_000_000n, yes: true, nothing: null, bytes })).toEqual({
    n: 1_700_000_000_000,
    yes: 1,
    nothing: null,
    bytes,
  });
});
