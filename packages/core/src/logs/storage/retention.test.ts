import { describe, expect, test } from "bun:test";
import { daysIn } from "./day.ts";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { oldestDay } from "./retention.ts";

function withDays(folder: LogFolder, count: number): void {
  const files = folder.open();
  files.append([batchOf(Array.from({ length: count }, (_, n) => entry({ timeMs: noonMs - n * dayMs })))], noonMs);
  files.seal(noonMs);
  files.close();
}

describe("what is kept", () => {
  test("is whole days by age, and late entries of days that are gone are not taken", () => {
    using folder = new LogFolder();
    withDays(folder, 10);
    const files = folder.open({ keepDays: 3 });
    expect(files.retain(noonMs)).toHaveLength(6);
    expect(daysIn(folder.path).map(({ day }) => day)).toEqual(["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]);
    expect(files.retain(noonMs)).toEqual([]);
    files.append([batchOf([entry({ timeMs: noonMs - 9 * dayMs }), entry()])], noonMs);
    expect(files.seal(noonMs)).toMatchObject({ entries: 1 });
    files.close();
    expect(daysIn(folder.path)).toHaveLength(4);
  });

  test("is the latest days by size; today stays", () => {
    using folder = new LogFolder();
    withDays(folder, 5);
    const bytes = daysIn(folder.path)[0]?.bytes ?? 0;
    const some = folder.open({ keepBytes: bytes * 2 + 1 });
    expect(some.retain(noonMs)).toEqual(["2026-02-28", "2026-03-01", "2026-03-02"]);
    some.close();
    const none = folder.open({ keepBytes: 1 });
    expect(none.retain(noonMs)).toEqual(["2026-03-03"]);
    none.close();
    expect(daysIn(folder.path).map(({ day }) => day)).toEqual(["2026-03-04"]);
  });

  test("is everything where nothing is said", () => {
    using folder = new LogFolder();
    withDays(folder, 2);
    const files = folder.open();
    expect(files.retain(noonMs + 5_000 * dayMs)).toEqual([]);
    files.close();
    expect(oldestDay({ keepDays: 1, keepBytes: 0 }, noonMs)).toBe("2026-03-03");
  });
});
