import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { readClef, readRawEvents, renderTemplate } from "./clef.ts";

describe("events as Seq's loggers write them", () => {
  test("are one a line, their templates filled in", () => {
    const text = [
      {
        "@t": "2026-03-04T12:00:00.25Z",
        "@mt": "Hello, {User}",
        "@l": "Warning",
        User: "ada",
        Application: "shop",
        "@@at": 1,
      },
      { "@m": "as it is", "@x": "Error: x", "@tr": "abc", "@sp": "def", "@i": "e1" },
    ].map((each) => JSON.stringify(each));
    const { entries, collector } = found((into) => readClef(into, { text: `${text.join("\n")}\n\nnonsense`, now }));
    expect(entries).toMatchObject([
      {
        line: "Hello, ada",
        level: "warn",
        timeMs: now.timeMs - 250,
        labels: { service: "shop" },
        fields: { User: "ada", message_template: "Hello, {User}", "@at": 1 },
      },
      {
        line: "as it is",
        level: "info",
        fields: { exception: "Error: x", trace_id: "abc", span_id: "def", event_id: "e1" },
      },
    ]);
    expect(collector.rejections).toBe(1);
  });

  test("come in the older form as a list", () => {
    const Events = [
      {
        Timestamp: "2026-03-04T12:00:00Z",
        Level: "Error",
        MessageTemplate: "{n} done",
        Properties: { n: 3 },
        Exception: "E",
      },
      1,
    ];
    const { entries, collector } = found((into) => readRawEvents(into, { text: JSON.stringify({ Events }), now }));
    expect(entries).toMatchObject([{ line: "3 done", level: "error", fields: { n: 3, exception: "E" } }]);
    expect(collector.rejections).toBe(1);
    expect(() => readRawEvents(collector, { text: "{", now })).toThrow("not JSON");
    expect(() => readRawEvents(collector, { text: "{}", now })).toThrow("`Events` is not a list");
  });

  test("have templates with holes of every kind", () => {
    const values = { a: 1, o: { x: 1 }, s: "t" };
    expect(renderTemplate("{{a}} {a} {@o} {s,10} {none}", values, [])).toBe('{a} 1 {"x":1} t {none}');
    expect(renderTemplate("{a:000} {s} {a:x}", values, ["001", "hex"])).toBe("001 t hex");
  });
});
