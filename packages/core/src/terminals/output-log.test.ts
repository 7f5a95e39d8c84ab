import { describe, expect, test } from "bun:test";
import { OutputLog } from "./output-log.ts";
import type { LogPlace } from "./output-log.ts";

const size = { cols: 80, rows: 24 };

function all(log: OutputLog, from: LogPlace): string[] {
  const told: string[] = [];
  let place = from;
  for (let next = log.next(place); next !== undefined; next = log.next(place)) {
    if (next.kind === "resized") {
      told.push(`${next.cols}x${next.rows}`);
      place = { offset: place.offset, mark: next.mark };
    } else {
      told.push(new TextDecoder().decode(log.read(place.offset, next.lengthBytes)));
      place = { offset: place.offset + next.lengthBytes, mark: place.mark };
    }
  }
  expect(place).toEqual(log.end);
  return told;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the log of a session's output", () => {
  test("has changes of size where they happened", () => {
    const log = new OutputLog(100, size);
    log.push(bytes("one"));
    log.resize({ cols: 40, rows: 10 });
    log.resize({ cols: 41, rows: 10 });
    log.push(bytes("two"));
    log.resize({ cols: 42, rows: 10 });
    expect(all(log, { offset: 0, mark: 0 })).toEqual(["one", "40x10", "41x10", "two", "42x10"]);
    expect(all(log, { offset: 3, mark: 1 })).toEqual(["41x10", "two", "42x10"]);
    expect(all(log, { offset: 5, mark: 2 })).toEqual(["o", "42x10"]);
    expect(log.sizeAt({ offset: 3, mark: 1 })).toEqual({ cols: 40, rows: 10 });
    expect(log.sizeAt({ offset: 0, mark: 0 })).toEqual(size);
    expect(log.size).toEqual({ cols: 42, rows: 10 });
  });

  test("knows which places it still has", () => {
    const log = new OutputLog(4, size);
    log.push(bytes("ab"));
    log.resize({ cols: 40, rows: 10 });
    log.push(bytes("cdef"));
    expect(log.has({ offset: 1, mark: 0 })).toBeFalse();
    expect(log.has({ offset: 2, mark: 0 })).toBeTrue();
    expect(log.has({ offset: 2, mark: 1 })).toBeTrue();
    expect(log.has({ offset: 4, mark: 0 })).toBeFalse();
    expect(log.has({ offset: 7, mark: 1 })).toBeFalse();
    log.push(bytes("ghij"));
    expect(log.has({ offset: 6, mark: 1 })).toBeTrue();
    expect(log.has({ offset: 6, mark: 0 })).toBeFalse();
    expect(log.has({ offset: 6, mark: 2 })).toBeFalse();
  });

  test("keeps a bounded number of changes of size", () => {
    const log = new OutputLog(4, size);
    for (let cols = 1; cols <= 1_000; cols++) log.resize({ cols, rows: 2 });
    expect(log.has({ offset: 0, mark: 1 })).toBeFalse();
    expect(all(log, { offset: 0, mark: 900 })).toHaveLength(100);
  });
});
