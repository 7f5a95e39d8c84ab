import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { readGelf } from "./gelf.ts";

describe("a message of GELF", () => {
  test("has its level by number, and members of its own without the underscore", () => {
    const text = JSON.stringify({
      version: "1.1",
      host: "h",
      short_message: "short",
      full_message: "short\nand long",
      timestamp: 1_772_625_600.25,
      level: 3,
      _user: "ada",
      _service: "shop",
    });
    const { entries } = found((into) => void readGelf(into, { text, now }));
    expect(entries).toMatchObject([
      {
        line: "short",
        level: "error",
        timeMs: 1_772_625_600_250,
        labels: { host: "h", service: "shop" },
        fields: { user: "ada", full_message: "short\nand long", level: "err" },
      },
    ]);
    const same = '{"short_message":"x","full_message":"x"}';
    expect(found((into) => void readGelf(into, { text: same, now })).entries[0]?.fields).toEqual({});
  });

  test("that is none is told", () => {
    let code: string | undefined;
    const { collector } = found((into) => void (code = readGelf(into, { text: "[]", now })));
    expect([code, collector.rejections]).toEqual(["not_an_entry", 1]);
  });
});
