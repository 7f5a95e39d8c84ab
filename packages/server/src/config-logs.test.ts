// The settings of logs: addresses to listen on, and pipelines.
import { describe, expect, test } from "bun:test";
import { isArchive, logListeners, logSettings } from "./config-logs.ts";

const pipelines = (value: unknown) => logSettings(new Map([["logs.pipelines", value]])).pipelines;

describe("an address to listen on", () => {
  test.each([
    ["udp://127.0.0.1:99999"],
    ["http://127.0.0.1:5514"],
    ["udp://127.0.0.1"],
    ["127.0.0.1:5514"],
    ["udp://127.0.0.1:5514?tenant=../x"],
    ["udp://127.0.0.1:5514?more=x"],
    ["udp://127.0.0.1:5514/path"],
    [7],
    [[7]],
  ])("is not %j", (value) => {
    expect(logListeners(value, ["udp", "tcp"])).toBeUndefined();
  });

  test("is of a protocol that the format runs on", () => {
    expect(logListeners("udp://127.0.0.1:1", ["tcp"])).toBeUndefined();
    expect(logListeners(["tcp://127.0.0.1:1"], ["tcp"])).toHaveLength(1);
  });
});

describe("a place for archives", () => {
  const archive = (value: string): unknown =>
    logSettings(new Map([["logs.archive", value]]), (path) => `/at/${path}`).archive;

  test("is a folder, or a bucket with what its store is known by", () => {
    expect(archive("old")).toEqual({ kind: "folder", path: "/at/old" });
    expect(archive("s3://shop-logs/a/b/?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=eu-1")).toEqual({
      kind: "s3",
      bucket: "shop-logs",
      prefix: "a/b/",
      endpoint: "http://127.0.0.1:9000",
      region: "eu-1",
    });
    expect(archive("s3://shop-logs")).toMatchObject({ prefix: "", endpoint: undefined });
    expect(logSettings(new Map()).archive).toBeUndefined();
  });

  test.each([
    [""],
    [7],
    ["s3://"],
    ["s3://a"],
    ["s3://shop-logs?key=x"],
    ["s3://u:p@shop-logs"],
    ["s3://shop-logs?endpoint=x"],
  ])("is not %j", (value) => {
    expect(isArchive(value)).toBe(false);
  });
});

describe("pipelines", () => {
  test("are none without being set, and otherwise what was written", () => {
    expect(pipelines(undefined)).toEqual([]);
    const steps = [
      { parse: "json", from: "log" },
      { rename: { a: "b" } },
      { redact: "x", with: "", in: ["_line"] },
      { drop: "level:debug" },
      { sample: 0.5, by: "trace" },
    ];
    expect(pipelines([{ tenant: "acme", when: "service:=a", steps }])).toEqual([
      { tenant: "acme", when: "service:=a", steps },
    ] as never);
  });

  test.each([
    [{}, "a list"],
    [[{}], "[0]"],
    [[{ steps: [], other: 1 }], "[0]"],
    [[{ steps: [], tenant: 1 }], "[0]"],
    [[{ steps: [{ burn: 1 }] }], "[0].steps[0]"],
    [[{ steps: [{ drop: "a" }, { sample: 2 }] }], "[0].steps[1]"],
    [[{ steps: [{ parse: "json", more: 1 }] }], "[0].steps[0]"],
    [[{ steps: [{ rename: { a: 1 } }] }], "[0].steps[0]"],
    [[{ steps: [{ redact: "x", in: "a" }] }], "[0].steps[0]"],
    [[{ steps: [7] }], "[0].steps[0]"],
  ])("are not %j", (value, at) => {
    expect(() => pipelines(value)).toThrow(at);
  });
});
