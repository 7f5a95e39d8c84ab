import { describe, expect, test } from "bun:test";
import { extractJson, extractLogfmt, unpackJson } from "./extract.ts";
import { labelsOf, staged } from "./logql.fixture.suite.ts";

const bare = { labels: {} };

describe("json", () => {
  test("flattens objects, keeps digits, and leaves lists and nothing out", () => {
    const one = staged('{"a":{"b-c":1.0,"d":[1]},"n":12345678901234567890,"ok":false,"none":null,"1x":"y"}', bare);
    expect(extractJson([])(one)).toBe(true);
    expect(labelsOf(one)).toEqual({ a_b_c: "1.0", n: "12345678901234567890", ok: "false", _1x: "y" });
  });

  test("takes what is asked for by its path, lists and objects as JSON", () => {
    const one = staged('{"a":{"b":[{"c d":1.50},2]},"s":"t"}', bare);
    extractJson([
      { label: "x", path: 'a.b[0]["c d"]' },
      { label: "list", path: "a.b" },
      { label: "s", path: "s" },
      { label: "none", path: "a.z[1]" },
    ])(one);
    expect(labelsOf(one)).toEqual({ x: "1.50", list: '[{"c d":1.50},2]', s: "t" });
  });

  test.each(["no json", "[1]", '"text"', "7"])("of %s is a fault that goes on", (line) => {
    const one = staged(line, bare);
    expect(extractJson([])(one)).toBe(true);
    expect(one.get("__error__")).toBe("JSONParserErr");
  });
});

describe("unpack", () => {
  test("gives back the line that was packed, and its labels", () => {
    const one = staged('{"_entry":"the line","pod":"p-1","n":1}', bare);
    unpackJson(one);
    expect([one.line, labelsOf(one)]).toEqual(["the line", { pod: "p-1" }]);
  });

  test("of what was never packed is a fault", () => {
    const one = staged("x");
    unpackJson(one);
    expect(one.hasFailed).toBe(true);
  });
});

describe("logfmt", () => {
  const loose = { fields: [], strict: false, keepEmpty: false };
  const read = (line: string, p: Partial<Parameters<typeof extractLogfmt>[0]> = {}) => {
    const one = staged(line, bare);
    extractLogfmt({ ...loose, ...p })(one);
    return labelsOf(one);
  };

  test("reads pairs, in quotes too", () => {
    expect(read('a=1 msg="b \\"c\\"" user.id=7 alone empty=')).toEqual({ a: "1", msg: 'b "c"', user_id: "7" });
    expect(read("a=1 b=2", { fields: [{ label: "x", path: "b" }] })).toEqual({ x: "2" });
  });

  test("goes past what it cannot read, unless it is to be strict", () => {
    expect(read('a=1 =x "q b=2')).toEqual({ a: "1", b: "2" });
    expect(read("a=1 =x b=2", { strict: true })).toMatchObject({ __error__: "LogfmtParserErr" });
  });
});
