import { describe, expect, test } from "bun:test";
import type { StoredEntry } from "../entry.ts";
import { logLimits } from "../limits.ts";
import { entriesOf } from "../storage/frame.ts";
import { Collector } from "./collector.ts";
import { readNative } from "./native.ts";

const nowMs = Date.UTC(2026, 2, 4);

function read(body: unknown, form: "json" | "lines" = "json"): { entries: StoredEntry[]; collector: Collector } {
  const collector = new Collector(logLimits);
  readNative(collector, { text: typeof body === "string" ? body : JSON.stringify(body), form, nowMs });
  return { entries: entriesOf(collector.batch("t").frame, 1), collector };
}

describe("entries of our own format", () => {
  test("come alone, in a list, under entries, or one a line", () => {
    const one = { message: "hello" };
    expect(read(one).entries).toHaveLength(1);
    expect(read([one, one]).entries).toHaveLength(2);
    expect(read({ entries: [one, "just a text"], labels: { service: "api" } }).entries).toMatchObject([
      { line: "hello", labels: { service: "api" }, timeMs: nowMs },
      { line: "just a text", labels: { service: "api" }, timeMs: nowMs },
    ]);
    const { entries, collector } = read('{"msg":"a"}\n\nno json\n42\n{"msg":"b"}\n', "lines");
    expect(entries.map(({ line }) => line)).toEqual(["a", "b"]);
    expect(collector.rejected).toEqual([
      { index: 1, code: "not_an_entry" },
      { index: 2, code: "not_an_entry" },
    ]);
  });

  test("carry time, line, labels and whatever else there is as fields", () => {
    const { entries } = read({
      timestamp: "2026-01-01T00:00:00.5Z",
      message: "done",
      level: "warn",
      labels: { service: "api", shard: 3 },
      fields: { inner: 1 },
      req: { method: "GET" },
    });
    expect(entries[0]).toMatchObject({
      timeMs: Date.UTC(2026, 0, 1) + 500,
      line: "done",
      level: 4,
      labels: { service: "api", shard: "3" },
    });
    expect({ ...entries[0]?.fields }).toEqual({ level: "warn", inner: 1, "req.method": "GET" });
  });

  test("without labels are of the stream of their service and host", () => {
    const { entries } = read({ message: "x", service: "api", host: "h1", user: "ada" });
    expect(entries[0]).toMatchObject({ labels: { service: "api", host: "h1" } });
    expect({ ...entries[0]?.fields }).toEqual({ user: "ada" });
  });

  test("with a time that is none are told by their place", () => {
    expect(read([{ message: "x", time: "noon" }, { message: "y" }]).collector.rejected).toEqual([
      { index: 0, code: "no_time" },
    ]);
  });

  test.each([
    ["{", "not JSON"],
    ["3", "no entries"],
    ['{"entries":[],"labels":4}', "labels"],
    ['{"entries":["x"],"labels":{"a":{}}}', "label"],
  ])("%s is refused as a whole", (body, why) => expect(() => read(body)).toThrow(why));
});
