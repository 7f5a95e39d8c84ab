// Ten thousand streams that say little, and a large day whose process was killed: what both cost whoever opens and asks.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseQuery } from "../query/parse.ts";
import { execute } from "../query/execute.ts";
import type { QueryAnswer } from "../query/execute.ts";
import { daysIn } from "./day.ts";
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { largeDayEntries } from "./large-day-child.suite.ts";
import { Snapshot } from "./snapshot.ts";

const limits = { rowsMax: 50_000, bytesMax: 1e12, over: () => undefined };

function ask(folder: LogFolder, text: string): QueryAnswer {
  const query = parseQuery(text, noonMs);
  const snapshot = Snapshot.open(folder.path, query);
  try {
    return execute(snapshot, { tenant: "default", query, limits });
  } finally {
    snapshot.close();
  }
}

test("10,000 slow streams share chunks, and each is found by itself", () => {
  using folder = new LogFolder();
  const files = folder.open({ chunkBytesMax: 1024 * 1024 });
  const [streams, rounds] = [10_000, 4];
  for (let round = 0; round < rounds; round++) {
    const entries = Array.from({ length: streams }, (_, n) =>
      entry({ labels: { app: `app-${n}` }, timeMs: noonMs + round * 300_000 + n, line: `round ${round} took ${n} ms` }),
    );
    files.append([batchOf(entries)], noonMs);
    files.seal(noonMs + round * 300_000);
  }
  const before = files.state;
  files.close();
  expect(before.rawBytes).toBe(0);
  const snapshot = Snapshot.open(folder.path, { fromMs: 0, toMs: Infinity });
  const chunks = [...snapshot.parts({ tenant: "default", fromMs: 0, toMs: noonMs * 2 })];
  snapshot.close();
  // Some for each sealing, not one for each stream.
  expect(chunks.length).toBeLessThan(rounds * 10);
  expect(ask(folder, "* | stats count() as n").rows).toEqual([[streams * rounds]]);
  const one = ask(folder, "app:=app-4711");
  expect(one.entries?.map(({ line }) => line)).toEqual([3, 2, 1, 0].map((round) => `round ${round} took 4711 ms`));
  const bytes = daysIn(folder.path).reduce((sum, day) => sum + day.bytes, 0);
  expect(bytes / (streams * rounds)).toBeLessThan(100);
}, 120_000);

test("a large day of a process that was killed opens in under a second", async () => {
  using folder = new LogFolder();
  const child = join(import.meta.dir, "large-day-child.suite.ts");
  const killed = Bun.spawn([process.execPath, child, folder.path], { stdout: "inherit", stderr: "inherit" });
  await killed.exited;
  expect(killed.signalCode).toBe("SIGKILL");
  const startedMs = performance.now();
  const files = folder.open();
  const found = ask(folder, "* | limit 1");
  const tookMs = performance.now() - startedMs;
  files.close();
  expect(found.entries).toHaveLength(1);
  expect(ask(folder, "* | stats count() as n").rows).toEqual([[largeDayEntries]]);
  expect(tookMs).toBeLessThan(1_000);
}, 240_000);
