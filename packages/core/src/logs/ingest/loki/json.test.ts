import { describe, expect, test } from "bun:test";
import { logLimits } from "../../limits.ts";
import { entriesOf } from "../../storage/frame.ts";
import { Collector } from "../collector.ts";
import { readLokiJson } from "./json.ts";

function read(body: unknown): Collector {
  const collector = new Collector(logLimits);
  readLokiJson(collector, typeof body === "string" ? body : JSON.stringify(body));
  return collector;
}

describe("a push of Loki's as JSON", () => {
  test("has streams with entries to the nanosecond, with or without fields", () => {
    const values = [
      ["1772625600000000001", "one"],
      ["1772625600000000002", "two", { trace: "x" }],
    ];
    const [one, two] = entriesOf(read({ streams: [{ stream: { service: "api" }, values }] }).batch("t").frame, 1);
    expect(one).toMatchObject({ labels: { service: "api" }, timeMs: 1_772_625_600_000, subNs: 1, line: "one" });
    expect({ ...two?.fields }).toEqual({ trace: "x" });
  });

  test("keeps the entries that can be taken", () => {
    const collector = read({
      streams: [
        {
          stream: {},
          values: [
            ["12x", "bad"],
            ["5", "good"],
          ],
        },
      ],
    });
    expect([collector.accepted, collector.rejected]).toEqual([1, [{ index: 0, code: "no_time" }]]);
  });

  test.each([
    ["{", "not JSON"],
    [{}, "`streams`"],
    [{ streams: [1] }, "A stream"],
    [{ streams: [{ stream: { a: 1 }, values: [] }] }, "not a text"],
    [{ streams: [{ stream: {}, values: {} }] }, "`values`"],
    [{ streams: [{ stream: {}, values: [[1772625600, "x"]] }] }, "nanoseconds"],
    [{ streams: [{ stream: {}, values: [["1", "x", { a: 1 }]] }] }, "not a text"],
  ])("%p is refused", (body, why) => expect(() => read(body)).toThrow(why));
});
