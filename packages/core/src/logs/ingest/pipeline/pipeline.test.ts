import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { compilePipelines } from "./pipeline.ts";
import type { PipelineSettings, PipelineStep } from "./pipeline.ts";

interface Sent {
  readonly line?: string;
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
  readonly labels?: Readonly<Record<string, string>>;
}

function through(settings: readonly PipelineSettings[], sent: readonly Sent[], tenant = "t") {
  return found((into) => {
    for (const { line = "", fields = {}, labels = {} } of sent)
      into.add(into.stream(labels), labels, { ...now, line, fields });
  }, compilePipelines(settings)(tenant));
}
const steps = (...all: PipelineStep[]): PipelineSettings[] => [{ steps: all }];

describe("a pipeline", () => {
  test("takes lines and fields apart", () => {
    const { entries } = through(
      steps({ parse: "json" }, { parse: "logfmt", from: "rest" }, { parse: "^(?P<verb>[A-Z]+) /", from: "req" }),
      [
        { line: '{"rest":"a=1 b=\\"x y\\"","req":"GET /x","n":{"m":2}}' },
        { line: "{no json" },
        { fields: { req: "none", rest: 3 } },
      ],
    );
    expect(entries.map(({ fields }) => fields)).toEqual([
      { rest: 'a=1 b="x y"', req: "GET /x", "n.m": 2, a: "1", b: "x y", verb: "GET" },
      {},
      { req: "none", rest: 3 },
    ]);
  });

  test("renames and blacks out", () => {
    const { entries } = through(
      steps(
        { rename: { msg_id: "id" } },
        { redact: String.raw`\d{4}-\d{4}` },
        { redact: ".+", with: "gone", in: ["password"] },
      ),
      [{ line: "card 1234-5678 paid", fields: { msg_id: "1234-5678", password: "x", n: 7, ok: true } }],
    );
    expect(entries).toMatchObject([{ line: "card *** paid" }]);
    expect(entries[0]?.fields).toEqual({ id: "***", password: "gone", n: 7, ok: true });
  });

  test("leaves out what fits a filter, and says nothing of it to the sender", () => {
    const { entries, collector } = through(steps({ drop: "level:debug or path:=/health" }), [
      { line: "DEBUG x" },
      { line: "y", fields: { path: "/health" } },
      { line: "z", labels: { path: "/health" } },
      { line: "stays" },
    ]);
    expect(entries.map(({ line }) => line)).toEqual(["stays"]);
    expect([collector.rejections, collector.found]).toEqual([0, 4]);
  });

  test("keeps a share, the same entries each time, and those of one trace together", () => {
    const sent = Array.from({ length: 2_000 }, (_, n) => ({ line: `line ${n}`, fields: { trace: `t${n % 200}` } }));
    const kept = through(steps({ sample: 0.25 }), sent).entries.map(({ line }) => line);
    expect(kept.length).toBeGreaterThan(400);
    expect(kept.length).toBeLessThan(600);
    expect(through(steps({ sample: 0.25 }), sent).entries.map(({ line }) => line)).toEqual(kept);
    const traces = Map.groupBy(
      through(steps({ sample: 0.5, by: "trace" }), sent).entries,
      ({ fields }) => fields["trace"],
    );
    expect([...traces.values()].every((each) => each.length === 10)).toBe(true);
    expect(traces.size).toBeGreaterThan(60);
    expect(traces.size).toBeLessThan(140);
    expect([
      through(steps({ sample: 0 }), sent).entries.length,
      through(steps({ sample: 1 }), sent).entries.length,
    ]).toEqual([0, 2_000]);
  });

  test("is of one tenant, or of what fits a filter, where it says so", () => {
    const settings = [
      { tenant: "acme", steps: [{ drop: "*" }] },
      { when: "service:=shop", steps: [{ rename: { a: "b" } }] },
    ];
    const sent = [
      { line: "x", fields: { a: 1 }, labels: { service: "shop" } },
      { line: "y", fields: { a: 1 } },
    ];
    expect(through(settings, sent).entries.map(({ fields }) => fields)).toEqual([{ b: 1 }, { a: 1 }]);
    expect(through(settings, sent, "acme").entries).toEqual([]);
    expect(compilePipelines([{ tenant: "other", steps: [] }])("t")).toBeUndefined();
  });

  test.each([[{ drop: "(" }], [{ drop: "a | limit 1" }], [{ parse: "(?<" }], [{ redact: "(" }]])(
    "with %j is refused",
    (step) => {
      expect(() => compilePipelines(steps(step))).toThrow();
    },
  );
});
