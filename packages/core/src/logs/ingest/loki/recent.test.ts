import { describe, expect, test } from "bun:test";
import type { Collector } from "../collector.ts";
import { found } from "../found.fixture.suite.ts";
import { RecentEntries } from "./recent.ts";
import type { RecentPush } from "./recent.ts";

/** Pushes entries `ns line` of a stream; those that were taken. */
function push(into: RecentPush, entries: readonly string[], service = "a"): string[] {
  const labels = { service };
  const { entries: taken } = found((collector: Collector) => {
    const stream = collector.stream(labels);
    for (const each of entries) {
      const [ns = "", line = ""] = each.split(" ");
      collector.add(stream, labels, { timeMs: 1_772_625_600_000, subNs: Number(ns), line, fields: {} });
    }
  }, into.pipeline());
  return taken.map(({ subNs, line }) => `${subNs} ${line}`);
}
const done = Promise.resolve();

describe("entries that are pushed again", () => {
  test("are one where stream, moment and line are the same, in one push or in several", async () => {
    const recent = new RecentEntries(100);
    const first = recent.push("t");
    expect(push(first, ["1 x", "1 x", "2 x", "1 y"])).toEqual(["1 x", "2 x", "1 y"]);
    await first.settled(done);
    const again = recent.push("t");
    expect(push(again, ["1 x", "3 x", "1 y"])).toEqual(["3 x"]);
    await again.settled(done);
    expect(push(recent.push("t"), ["1 x"], "b")).toEqual(["1 x"]);
    expect(push(recent.push("other"), ["1 x"])).toEqual(["1 x"]);
  });

  test("while the first push is being written are answered after it, and fail with it", async () => {
    const recent = new RecentEntries(100);
    const writing = Promise.withResolvers<string>();
    const first = recent.push("t");
    push(first, ["1 x"]);
    const firstAnswer = first.settled(writing.promise).then(String, String);
    const second = recent.push("t");
    expect(push(second, ["1 x", "2 y"])).toEqual(["2 y"]);
    const secondAnswer = second.settled(done).then(String, String);
    writing.reject(new Error("no room"));
    expect([await firstAnswer, await secondAnswer]).toEqual(["Error: no room", "Error: no room"]);
    // What was not written is taken the next time, what was written is not.
    expect(push(recent.push("t"), ["1 x", "2 y"])).toEqual(["1 x"]);
  });

  test("are forgotten after many others", async () => {
    const recent = new RecentEntries(10);
    for (let n = 0; n < 25; n++) {
      const one = recent.push("t");
      push(one, [`${n} x`]);
      await one.settled(done);
    }
    expect(push(recent.push("t"), ["0 x", "15 x", "24 x"])).toEqual(["0 x"]);
  });

  test("without a time that can be are for the checks to refuse", () => {
    const { collector } = found((into) => {
      into.add(into.stream({}), {}, { timeMs: Number.NaN, subNs: 0, line: "x", fields: {} });
    }, new RecentEntries(1).push("t").pipeline());
    expect(collector.rejected).toEqual([{ index: 0, code: "no_time" }]);
  });
});
