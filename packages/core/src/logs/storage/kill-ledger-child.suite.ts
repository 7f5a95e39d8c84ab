// A store under load, to be killed at any moment: batches with keys from a number on, many at once, while it seals and archives.
// It prints the number of each batch that was acknowledged.
import { writeSync } from "node:fs";
import { systemClock } from "../../kernel/clock.ts";
import { logLimits } from "../limits.ts";
import { batchOf, entry } from "./entries.fixture.suite.ts";
import { LogStore } from "./log-store.ts";

const dayMs = 86_400_000;
const entriesOfBatch = 5;
const atOnce = 20;

/** Lines of a batch, some of today and some of days that belong into the archive. */
export function linesOf(batch: number): string[] {
  return Array.from({ length: entriesOfBatch }, (_, n) => `batch ${batch} entry ${n}`);
}

async function live(folder: string, from: number): Promise<void> {
  const limits = { ...logLimits, logSealBytes: 8_000, logChunkBytesMax: 2_000 };
  const log = (): void => undefined;
  const store = await LogStore.open({ folder, clock: systemClock, log, limits });
  let next = from;
  const baseMs = Math.floor(Date.now() / dayMs) * dayMs;
  const send = async (): Promise<never> => {
    for (;;) {
      const batch = next++;
      const entries = linesOf(batch).map((line, n) =>
        entry({ line, timeMs: baseMs - (n % 2) * (40 + (batch % 3)) * dayMs }),
      );
      await store.append(batchOf(entries, { key: { name: `batch ${batch}`, hash: "" } }));
      writeSync(1, `${batch}\n`);
    }
  };
  const archive = async (): Promise<never> => {
    for (;;) {
      await store.seal();
      await store.archive.archive();
    }
  };
  // However quick the kills are: what an earlier life left is sealed and archived before more comes.
  await store.seal();
  await store.archive.archive();
  await Promise.all([archive(), ...Array.from({ length: atOnce }, send)]);
}

if (import.meta.main) {
  const [folder = "", from = ""] = process.argv.slice(2);
  await live(folder, Number(from));
}
