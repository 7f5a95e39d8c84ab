// Patterns of paths and names.
import { describe, expect, test } from "bun:test";
import { climbsOut, fixedFolder, nameTest, pathsTest, pathTest, plainPattern } from "./globs.ts";

describe("a pattern", () => {
  test.each([
    ["dist/**", "dist/a/b.js", true],
    ["dist/**", "dist", false],
    ["dist/**", "distant/a", false],
    ["dist", "dist/a", true],
    ["./dist/", "dist/a", true],
    ["**/*.ts", "a/.b/c.ts", true],
    ["*.ts", "a/b.ts", false],
    [".next/**", ".next/x", true],
    ["src/*.{ts,tsx}", "src/a.tsx", true],
    ["**", "anything/at/all", true],
  ])("%s and %s: %p", (pattern, path, isMeant) => {
    expect(pathTest(pattern)(path)).toBe(isMeant);
  });

  test("that begins with an exclamation mark takes away, wherever it stands", () => {
    const isMeant = pathsTest(["!dist/cache/**", "dist/**"]);
    expect([isMeant("dist/a"), isMeant("dist/cache/a")]).toEqual([true, false]);
  });

  test("lies in the folder before its first sign", () => {
    expect([fixedFolder("a/b/**"), fixedFolder("*.ts"), fixedFolder("dist"), plainPattern("././a/")]).toEqual([
      "a/b",
      "",
      "dist",
      "a",
    ]);
  });

  test("of names has the same signs", () => {
    expect([
      nameTest("@shop/*")("@shop/web"),
      nameTest("@shop/*")("@other/web"),
      nameTest("web")("web"),
      nameTest("web")("webs"),
    ]).toEqual([true, false, true, false]);
  });
});

test.each(["/etc", "../a", "a/../../b", "", "a\0b", "a/.."])("a path that leads out is known: %j", (path) => {
  expect(climbsOut(path)).toBe(true);
});

test.each(["a", "a/b", ".a", "a..b", "..a"])("a path that stays is left alone: %j", (path) => {
  expect(climbsOut(path)).toBe(false);
});
