import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { readSyslog } from "./message.ts";

const one = (text: string) => found((into) => readSyslog(into, { text, from: "10.0.0.1", now })).entries[0];

describe("a message of syslog", () => {
  test("of RFC 5424 has its parts and its structured data", () => {
    const entry = one(
      String.raw`<165>1 2026-03-04T12:00:00.003123Z h.example evntslog 77 ID47 [ex@32473 iut="3" say="a \"b\" \] c"][other x="y"] ` +
        "\uFEFFAn event",
    );
    expect(entry).toMatchObject({
      line: "An event",
      level: "info",
      timeMs: now.timeMs - 497,
      subNs: 123_000,
      labels: { host: "h.example", service: "evntslog" },
    });
    expect(entry?.fields).toEqual({
      pid: "77",
      msgid: "ID47",
      "ex@32473.iut": "3",
      "ex@32473.say": 'a "b" ] c',
      "other.x": "y",
      facility: "local4",
      severity: "notice",
    });
    expect(one("<34>1 - - - - - - only this")).toMatchObject({
      line: "only this",
      timeMs: now.timeMs,
      labels: { host: "10.0.0.1" },
      fields: { facility: "auth", severity: "crit" },
      level: "fatal",
    });
    expect(one("<34>1 - h app - - [broken what")?.line).toBe("[broken what");
  });

  test.each([
    ["<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "mymachine", "su", "'su root' failed"],
    ["<13>Mar  4 11:00:00 root[12]: no host", "10.0.0.1", "root", "no host"],
    ["<13>Mar  4 2026 11:00:00 h app: with the year", "h", "app", "with the year"],
    ["<13>2026-03-04T11:00:00.5+00:00 h app[3]: newer time", "h", "app", "newer time"],
    ["no priority at all", "10.0.0.1", undefined, "no priority at all"],
  ] as const)("%s", (text, host, service, line) => {
    const entry = one(text);
    expect([entry?.labels["host"], entry?.labels["service"], entry?.line]).toEqual([host, service, line]);
  });

  test("of RFC 3164 is of the last year that has not come yet, and of this server's zone", () => {
    const local = (year: number, month: number, day: number): number => new Date(year, month, day, 11, 0, 0).getTime();
    expect(one("<13>Mar  4 11:00:00 h a: x")?.timeMs).toBe(local(2026, 2, 4));
    expect(one("<13>Dec 31 11:00:00 h a: x")?.timeMs).toBe(local(2025, 11, 31));
    expect(one("<13>Foo  4 11:00:00 h a: x")?.timeMs).toBe(now.timeMs);
    expect(one("<13>Mar  4 11:00:00.123456 h a[9]: x")).toMatchObject({ subNs: 456_000, fields: { pid: "9" } });
    expect(one("<13>2026-03-04T11:00:00.5+01:00 h app: x")?.timeMs).toBe(Date.UTC(2026, 2, 4, 10, 0, 0, 500));
  });
});
