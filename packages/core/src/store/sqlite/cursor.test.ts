import { expect, test } from "bun:test";
import { decodeCursor, decodePosition, encodeCursor, encodePosition } from "./cursor.ts";

test("a cursor carries any position and looks like none", () => {
  for (const position of ["", "1700000000000 run_1", "ключ \u{1F600}", "a".repeat(500)]) {
    const cursor = encodeCursor(position);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeCursor(cursor)).toBe(position);
  }
});

test("what was not given out is refused", () => {
  for (const cursor of ["", "x", "%%%", "MQ==", `${encodeCursor("a")} `, Buffer.from("2a").toString("base64url")]) {
    expect(() => decodeCursor(cursor)).toThrow("The cursor is not one that a list gave out.");
  }
});

test("a place among rows in order of time comes back", () => {
  for (const place of [
    { createdAt: 1_700_000_000_000, id: "run_1" },
    { createdAt: -5, id: "a b\n" },
  ]) {
    expect(decodePosition(encodePosition(place))).toEqual(place);
  }
  for (const position of ["", "1", "1 ", "x y", "12345678901234567 a"]) {
    expect(() => decodePosition(encodeCursor(position))).toThrow("The cursor is not one that a list gave out.");
  }
});
