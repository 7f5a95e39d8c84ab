import { describe, expect, test } from "bun:test";
import { parseLogQl } from "./parse.ts";
import { aggregate, betweenVectors, calculated, withNumber } from "./vectors.ts";
import type { Vector } from "./vectors.ts";

const rate = 'rate({a="b"}[1m])';
const vector = (...made: readonly [Record<string, string>, number][]): Vector =>
  made.map(([labels, value]) => ({ labels: new Map(Object.entries(labels)), value }));
const plain = (values: Vector): unknown => values.map(({ labels, value }) => [Object.fromEntries(labels), value]);

function aggregated(text: string, values: Vector): unknown {
  const metric = parseLogQl(text.replace(/\b_\b/, rate));
  if (metric.kind !== "aggregate") throw new Error("no aggregation");
  return plain(aggregate(metric, values));
}
function between(op: string, left: Vector, right: Vector): unknown {
  const metric = parseLogQl(`${rate} ${op} ${rate}`);
  if (metric.kind !== "binary") throw new Error("no calculation");
  return plain(betweenVectors(metric, left, right));
}

describe("aggregation", () => {
  const values = vector([{ a: "1", b: "x" }, 1], [{ a: "1", b: "y" }, 3], [{ a: "2", b: "x" }, 8]);

  test("groups by labels, without labels, or all", () => {
    expect(aggregated("sum by (a) (_)", values)).toEqual([
      [{ a: "1" }, 4],
      [{ a: "2" }, 8],
    ]);
    expect(aggregated("avg without (a) (_)", values)).toEqual([
      [{ b: "x" }, 4.5],
      [{ b: "y" }, 3],
    ]);
    const all = ["sum", "min", "max", "count", "stdvar"].map((fn) => aggregated(`${fn}(_)`, values));
    expect(all).toEqual([12, 1, 8, 3, 26 / 3].map((value) => [[{}, expect.closeTo(value, 9)]]));
    expect(aggregated("stddev by (a) (_)", values)).toEqual([
      [{ a: "1" }, 1],
      [{ a: "2" }, 0],
    ]);
  });

  test("of the most and the least keeps their labels, by group", () => {
    expect(aggregated("topk(1, _)", values)).toEqual([[{ a: "2", b: "x" }, 8]]);
    expect(aggregated("bottomk by (a) (1, _)", values)).toEqual([
      [{ a: "1", b: "x" }, 1],
      [{ a: "2", b: "x" }, 8],
    ]);
    const withNone = vector([{ a: "n" }, Number.NaN], ...([[{ a: "1" }, 1]] as [Record<string, string>, number][]));
    expect(aggregated("topk(1, _)", withNone)).toEqual([[{ a: "1" }, 1]]);
    expect(aggregated("bottomk(1, _)", withNone)).toEqual([[{ a: "1" }, 1]]);
  });

  test("sorts either way", () => {
    expect(aggregated("sort_desc(_)", values)).toEqual(plain(values.toReversed()));
    expect(aggregated("sort(_)", values)).toEqual(plain(values));
  });
});

describe("between two sides", () => {
  const left = vector([{ a: "1", l: "x" }, 6], [{ a: "2", l: "x" }, 8]);
  const right = vector([{ a: "1", r: "y" }, 2]);

  test("those that match meet, and keep the labels they matched by", () => {
    expect(between("/ on (a)", left, right)).toEqual([[{ a: "1" }, 3]]);
    expect(between("/ ignoring (l, r)", left, right)).toEqual([[{ a: "1" }, 3]]);
    expect(between("/", left, right)).toEqual([]);
    expect(between("> on (a)", left, right)).toEqual([[{ a: "1" }, 6]]);
    expect(between("< on (a)", left, right)).toEqual([]);
    expect(between("< bool on (a)", left, right)).toEqual([[{ a: "1" }, 0]]);
  });

  test("several meet one where that is said, and take labels over", () => {
    const many = vector([{ a: "1", l: "x" }, 6], [{ a: "1", l: "z" }, 8]);
    expect(between("/ on (a) group_left (r)", many, right)).toEqual([
      [{ a: "1", l: "x", r: "y" }, 3],
      [{ a: "1", l: "z", r: "y" }, 4],
    ]);
    expect(between("- on (a) group_right (r)", right, many)).toEqual([
      [{ a: "1", l: "x", r: "y" }, -4],
      [{ a: "1", l: "z", r: "y" }, -6],
    ]);
    expect(() => between("/ on (a)", many, right)).toThrow("say group_left or group_right");
    expect(() => between("/ on (a) group_left ()", right, many)).toThrow("Several series of one side");
  });

  test("sets hold what is on both, on either, on one alone", () => {
    expect(between("and on (a)", left, right)).toEqual([[{ a: "1", l: "x" }, 6]]);
    expect(between("unless on (a)", left, right)).toEqual([[{ a: "2", l: "x" }, 8]]);
    expect(between("or on (a)", right, left)).toEqual([
      [{ a: "1", r: "y" }, 2],
      [{ a: "2", l: "x" }, 8],
    ]);
  });
});

describe("with a number", () => {
  test("comparisons leave out, or answer 0 and 1", () => {
    const values = vector([{ a: "1" }, 1], [{ a: "2" }, 5]);
    const metric = (op: string) => {
      const made = parseLogQl(`${rate} ${op} 3`);
      if (made.kind !== "binary") throw new Error("no calculation");
      return made;
    };
    expect(plain(withNumber(metric(">"), { values, number: 3, numberIsLeft: false }))).toEqual([[{ a: "2" }, 5]]);
    expect(plain(withNumber(metric(">"), { values, number: 3, numberIsLeft: true }))).toEqual([[{ a: "1" }, 1]]);
    expect(plain(withNumber(metric("> bool"), { values, number: 3, numberIsLeft: false }))).toEqual([
      [{ a: "1" }, 0],
      [{ a: "2" }, 1],
    ]);
    expect(plain(withNumber(metric("-"), { values, number: 3, numberIsLeft: true }))).toEqual([
      [{ a: "1" }, 2],
      [{ a: "2" }, -2],
    ]);
  });

  test("arithmetic is that of floating point", () => {
    expect((["+", "-", "*", "/", "%", "^"] as const).map((op) => calculated(op, 7, 2))).toEqual([9, 5, 14, 3.5, 1, 49]);
    expect((["==", "!=", ">", ">=", "<", "<="] as const).map((op) => calculated(op, 2, 2))).toEqual([1, 0, 0, 1, 0, 1]);
    expect([calculated("/", 1, 0), calculated("==", Number.NaN, Number.NaN)]).toEqual([Infinity, 0]);
  });
});
