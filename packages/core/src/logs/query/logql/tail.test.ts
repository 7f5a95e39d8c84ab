import { expect, test } from "bun:test";
import { noonMs } from "../../storage/entries.fixture.suite.ts";
import { logQlTail } from "./tail.ts";

test("a log query takes entries one by one; values cannot be followed", () => {
  const { filter, show } = logQlTail('{app="shop"} |= "took" | json | status >= 500 | line_format "{{.status}}"');
  expect(filter).toMatchObject({ kind: "and", of: [{ kind: "stream" }, { kind: "text", text: "took" }] });
  const entry = (status: number) => ({
    seq: 1,
    labels: { app: "shop" },
    timeMs: noonMs,
    subNs: 0,
    level: 3,
    line: JSON.stringify({ status, took: 1 }),
    fields: {},
  });
  expect(show(entry(500))).toMatchObject({ line: "500", labels: { app: "shop", status: "500", took: "1" } });
  expect(show(entry(200))).toBeUndefined();
  expect(() => logQlTail('count_over_time({app="shop"}[1m])')).toThrow("followed");
});
