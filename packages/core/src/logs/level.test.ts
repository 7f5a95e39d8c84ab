import { describe, expect, test } from "bun:test";
import { levelNumber, levelOf, logLevels } from "./level.ts";

const named = (p: Partial<Parameters<typeof levelOf>[0]>): string =>
  logLevels[levelOf({ labels: {}, fields: {}, line: "", ...p })] ?? "none";

describe("the level of an entry", () => {
  test("is what a field says, before a label, before the line", () => {
    expect(named({ fields: { severity: "WARNING" }, labels: { level: "info" }, line: "ERROR x" })).toBe("warn");
    expect(named({ labels: { level: "info" }, line: "ERROR x" })).toBe("info");
    expect(named({ line: "2026-01-01 ERROR x" })).toBe("error");
    expect(named({ line: "level=debug msg=x" })).toBe("debug");
    expect(named({ line: '{"level":"fatal"}' })).toBe("fatal");
  });

  test("is unknown where nobody says it", () => {
    expect(named({ line: "the INFORMANT left" })).toBe("unknown");
    expect(named({ line: `${"x".repeat(200)} ERROR` })).toBe("unknown");
    expect(named({ fields: { level: "purple" } })).toBe("unknown");
  });

  test("may be a number, as pino writes it", () => {
    expect([10, 20, 30, 40, 50, 60, 5, 70].map((each) => levelNumber(each))).toEqual([1, 2, 3, 4, 5, 6, 0, 0]);
  });
});
