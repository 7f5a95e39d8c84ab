import { expect, test } from "bun:test";
import { LogFolder } from "../storage/folder.fixture.suite.ts";
import { newDay } from "./archive-work.ts";

test("a catalog has the last word on each day, also after it was opened again, and files that nobody needs any more", () => {
  using folder = new LogFolder();
  let files = folder.open();
  const day = { ...newDay("2026-01-01"), upTo: 7, lastBatch: 1 };
  files.catalog.put({ day, garbage: [], nowMs: 1 });
  files.catalog.put({ day: { ...day, upTo: 9 }, garbage: ["2026-01-01/batch-0001.chunks"], nowMs: 5 });
  files.close();
  files = folder.open();
  expect(files.catalog.days()).toEqual([{ ...day, upTo: 9 }]);
  expect(files.catalog.garbage(5)).toEqual([]);
  expect(files.catalog.garbage(6)).toEqual(["2026-01-01/batch-0001.chunks"]);
  files.catalog.swept(["2026-01-01/batch-0001.chunks"]);
  expect(files.catalog.garbage(6)).toEqual([]);
  files.close();
});
