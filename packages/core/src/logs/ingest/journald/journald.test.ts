import { describe, expect, test } from "bun:test";
import { found, now } from "../found.fixture.suite.ts";
import { addJournalEntry, JournalReader } from "./journald.ts";
import type { JournalEntry } from "./journald.ts";

const binary = (name: string, value: string): Buffer => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(value)));
  return Buffer.concat([Buffer.from(`${name}\n`), length, Buffer.from(`${value}\n`)]);
};
const journal = Buffer.concat([
  Buffer.from(
    "__CURSOR=c1\n__REALTIME_TIMESTAMP=1772625600123456\n_HOSTNAME=h\n_SYSTEMD_UNIT=nginx.service\nPRIORITY=3\n_PID=7\n",
  ),
  binary("MESSAGE", "two\nlines"),
  Buffer.from(
    "\n__CURSOR=c2\n__REALTIME_TIMESTAMP=1772625600000001\n_SOURCE_REALTIME_TIMESTAMP=1772625599000000\nMESSAGE=a=b\n\n",
  ),
]);

describe("a journal", () => {
  test("is the same in whatever pieces it comes", () => {
    const inPieces = (size: number): JournalEntry[] => {
      const reader = new JournalReader(1_000);
      const entries: JournalEntry[] = [];
      for (let at = 0; at < journal.length; at += size) entries.push(...reader.push(journal.subarray(at, at + size)));
      const last = reader.end();
      return last === undefined ? entries : [...entries, last];
    };
    const whole = inPieces(journal.length);
    expect(whole.map(({ cursor, fields }) => [cursor, fields["MESSAGE"]])).toEqual([
      ["c1", "two\nlines"],
      ["c2", "a=b"],
    ]);
    for (let size = 1; size < 60; size++) expect(inPieces(size)).toEqual(whole);
  });

  test("has entries with their level, time, stream and fields", () => {
    const { entries } = found((into) => {
      for (const each of new JournalReader(1_000).push(journal)) addJournalEntry(into, each, now);
      addJournalEntry(into, { cursor: "", fields: { SYSLOG_IDENTIFIER: "x" } }, now);
    });
    expect(entries).toMatchObject([
      {
        line: "two\nlines",
        level: "error",
        timeMs: 1_772_625_600_123,
        subNs: 456_000,
        labels: { host: "h", service: "nginx.service" },
      },
      { line: "a=b", timeMs: 1_772_625_599_000, labels: {} },
      { line: "", timeMs: now.timeMs, labels: { service: "x" } },
    ]);
    expect(entries[0]?.fields).toEqual({ _PID: "7", level: "err" });
  });

  test("ends with its last entry, and nowhere inside of a field", () => {
    const reader = new JournalReader(1_000);
    expect(reader.push(Buffer.from("__CURSOR=c\nMESSAGE=x\n"))).toEqual([]);
    expect(reader.end()).toMatchObject({ cursor: "c" });
    reader.push(Buffer.from("MESSAGE=x"));
    expect(() => reader.end()).toThrow("inside of a field");
  });

  test("that is none, or too long, is refused", () => {
    expect(() => new JournalReader(50).push(Buffer.alloc(51, 0x61))).toThrow("longer than 50 bytes");
    expect(() => new JournalReader(5).push(binary("M", "longer than that"))).toThrow("longer than 5 bytes");
    const wrong = binary("M", "x");
    wrong[wrong.length - 1] = 0x79;
    expect(() => new JournalReader(50).push(wrong)).toThrow("not as long as it says");
  });
});
