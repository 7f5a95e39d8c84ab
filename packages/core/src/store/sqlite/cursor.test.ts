import { expect, test } from "bun:test";
import { decodeCursor, encodeCursor } from "./cursor.ts";

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
