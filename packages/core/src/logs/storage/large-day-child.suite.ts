// Writes a day of some 40 MB and is killed in the middle of its last sealing.
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFiles } from "./log-files.ts";

const [parts, batches, batchEntries] = [4, 10, 10_000] as const;
export const largeDayEntries = parts * batches * batchEntries;

function write(folder: string): void {
  let seals = 0;
  const files = new LogFiles({
    folder,
    chunkBytesMax: 1024 * 1024,
    keysKeptMs: 86_400_000,
    keepDays: 0,
    keepBytes: 0,
    step: (step) => {
      if (step === "chunks written" && ++seals === parts) process.kill(process.pid, "SIGKILL");
    },
  });
  for (let part = 0; part < parts; part++) {
    for (let batch = 0; batch < batches; batch++) {
      const entries = Array.from({ length: batchEntries }, (_, n) =>
        entry({ timeMs: noonMs + n, line: `GET /path/${n} from ${crypto.randomUUID()} took ${part} of ${batch}` }),
      );
      files.append([batchOf(entries)], noonMs);
    }
    files.seal(noonMs);
  }
}

if (import.meta.main) write(process.argv[2] ?? "");
