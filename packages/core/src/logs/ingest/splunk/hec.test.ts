import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import type { Found } from "../found.fixture.suite.ts";
import { documentsIn, readHec, readHecRaw } from "./hec.ts";
import type { HecProblem } from "./hec.ts";

function hec(text: string): Found & { readonly problem: HecProblem | undefined } {
  let problem: HecProblem | undefined;
  return { ...found((into) => void (problem = readHec(into, { text, now }))), problem };
}

describe("events as shippers send them to Splunk", () => {
  test("stand one behind the other, as texts or objects", () => {
    const { entries, problem } = hec(
      '{"time":1772625600.25,"host":"h","sourcetype":"json","event":{"message":"a } b","level":"error"},"fields":{"dc":"x"}}\n' +
        '{"time":"1772625601","source":"s","index":"main","event":"plain"}{"event":{"no":"line"}} {"event":7}',
    );
    expect(problem).toBeUndefined();
    expect(entries).toMatchObject([
      {
        timeMs: 1_772_625_600_250,
        line: "a } b",
        level: "error",
        labels: { host: "h", sourcetype: "json" },
        fields: { dc: "x" },
      },
      { timeMs: 1_772_625_601_000, line: "plain", labels: { source: "s", index: "main" } },
      { timeMs: now.timeMs, line: "", fields: { no: "line" } },
      { line: "7" },
    ]);
    expect(hec('[{"event":"a"},{"event":"b"}]').entries).toHaveLength(2);
  });

  test.each([
    ["", 5, undefined],
    ['{"event":"a"} nonsense', 6, 1],
    ['{"event":"a"}{"x":1}', 12, 1],
    ['{"event":""}', 13, 0],
    ['{"event":{"timestamp":"never"}}', 6, 0],
  ] as const)("that are %j are told by number, those before are taken", (text, code, place) => {
    const { problem, entries } = hec(text);
    expect([problem?.code, problem?.["invalid-event-number"]]).toEqual([code, place]);
    expect(entries).toHaveLength(place === 1 ? 1 : 0);
  });

  test("may be lines of text", () => {
    let problem: HecProblem | undefined;
    const { entries } = found(
      (into) => void (problem = readHecRaw(into, { text: "one\r\n\ntwo", about: { host: "h", channel: "c" }, now })),
    );
    expect(entries).toMatchObject([{ line: "one", labels: { host: "h" } }, { line: "two" }]);
    expect(problem).toBeUndefined();
    expect(readHecRaw(found(() => undefined).collector, { text: "", about: {}, now })?.code).toBe(5);
  });

  test("are told apart by their brackets, not by those in texts", () => {
    expect([...documentsIn(' {"a":"\\"}{"} [1,{}]\n{"b"')]).toEqual(['{"a":"\\"}{"}', "[1,{}]", '{"b"']);
  });
});
