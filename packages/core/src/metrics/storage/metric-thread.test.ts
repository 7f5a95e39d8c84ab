import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricLimits } from "../limits.ts";
import { MetricCalls } from "./metric-calls.ts";

test("a thread answers in the order of calls, failures too, and ends those that are open", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-metric-thread-"));
  const calls = new MetricCalls();
  const early = calls.call("kept", undefined);
  expect(early).rejects.toMatchObject({ code: "internal" });
  await calls.call("open", { folder, limits: metricLimits, access: "write" });
  const put = calls.call("put", { series: [{ labels: { __name__: "a" }, points: [{ timeMs: 1, value: 2 }] }] });
  const found = calls.call<readonly unknown[]>("series", { matchers: [[]], fromMs: 0 });
  await put;
  expect(await found).toEqual([{ __name__: "a" }]);
  const open = calls.call("kept", undefined);
  calls.end();
  expect(open).rejects.toMatchObject({ code: "store_failed" });
  expect(calls.call("kept", undefined)).rejects.toMatchObject({ code: "store_failed" });
  rmSync(folder, { recursive: true, force: true });
});
