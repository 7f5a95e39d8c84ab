import { expect, test } from "bun:test";
import { aggregations, rangeFunctions } from "./ast.ts";
import { parseLogQl } from "./parse.ts";

test("every function that is named is understood", () => {
  for (const fn of rangeFunctions) {
    const first = fn === "quantile_over_time" ? "0.5, " : "";
    const unwrap = ["_over_time", "rate"].some((end) => fn.endsWith(end)) && !/^(count|bytes|absent|rate)/.test(fn);
    const text = `${fn}(${first}{a="b"}${unwrap ? " | unwrap x " : ""}[1m])`;
    expect(parseLogQl(text)).toMatchObject({ kind: "range", fn, range: { rangeMs: 60_000, offsetMs: 0 } });
  }
  for (const fn of aggregations) {
    const first = fn.endsWith("k") ? "2, " : "";
    expect(parseLogQl(`${fn}(${first}rate({a="b"}[1m]))`)).toMatchObject({ kind: "aggregate", fn });
  }
});
