import { describe, expect, test } from "bun:test";
import { isQuote, QueryError, Scanner } from "./scanner.ts";

describe("the text of a query", () => {
  test("is read as words, quoted texts and signs", () => {
    const scanner = new Scanner(`  word "a \\"b\\" \\d" 'it' \`c\\\` ( rest`);
    expect(scanner.peek()).toBe("w");
    expect(scanner.bare()).toBe("word");
    scanner.skipSpace();
    expect(scanner.quoted()).toBe('a "b" \\d');
    scanner.skipSpace();
    expect(scanner.value()).toBe("it");
    scanner.skipSpace();
    expect(scanner.value()).toBe("c\\");
    expect([scanner.take(")"), scanner.take("("), scanner.takeWord("res"), scanner.takeWord("rest")]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(scanner.atEnd).toBe(true);
  });

  test("stops at the colon behind a name, not inside of other words", () => {
    const upTo = (text: string): string => new Scanner(text).bare(true);
    expect(["status:200", "12:30:45", "req.url:x", ":x"].map(upTo)).toEqual(["status", "12:30:45", "req.url", ":x"]);
  });

  test("says where it cannot be read", () => {
    const scanner = new Scanner('a "open');
    scanner.bare();
    scanner.skipSpace();
    expect(() => scanner.quoted()).toThrow(new QueryError('This text is not closed, not "\\"open".', 2));
    expect(() => new Scanner("").expect(")")).toThrow("the query ends");
    expect([isQuote("'"), isQuote("a")]).toEqual([true, false]);
  });
});
