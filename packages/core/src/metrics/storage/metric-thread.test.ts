import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricLimits } from "../limits.ts";
import { MetricCalls } from "./metric-calls.ts";

/** The code of what a call rejects with. */
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "none",
    (error: { readonly code?: unknown }) => error.code,
  );

test("a thread answers in the order of calls, failures too, and ends those that are open", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-metric-thread-"));
  const calls = new MetricCalls();
  expect(await codeOf(calls.call("kept", undefined))).toBe("internal");
  await calls.call("open", { folder, limits: metricLimits, access: "write" });
  const put = calls.call("put", { series: [{ labels: { __name__: "a" }, points: [{ timeMs: 1, value: 2 }] }] });
  const found = calls.call<readonly unknown[]>("series", { matchers: [[]], fromMs: 0 });
  await put;
  expect(await found).toEqual([{ __name__: "a" }]);
  const open = codeOf(calls.call("kept", undefined));
  calls.end();
  expect([await open, await codeOf(calls.call("kept", undefined))]).toEqual(["store_failed", "store_failed"]);
  rmSync(folder, { recursive: true, force: true });
});
