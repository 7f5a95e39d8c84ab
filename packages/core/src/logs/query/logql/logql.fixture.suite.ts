// For tests of LogQL: entries on their way through stages, and questions to a folder of them.
import type { LogEntry } from "../../entry.ts";
import { levelOf } from "../../level.ts";
import { batchOf, entry, noonMs } from "../../storage/entries.fixture.suite.ts";
import { LogFolder } from "../../storage/folder.fixture.suite.ts";
import { Snapshot } from "../../storage/snapshot.ts";
import { answerLogQl, reachOf } from "./answer.ts";
import type { LogQlAnswer, LogQlQuestion } from "./answer.ts";
import { StagedEntry } from "./entry.ts";

export const noonNs = BigInt(noonMs) * 1_000_000n;
const limits = { rowsMax: 1_000, bytesMax: 1e9, over: () => undefined };

export function staged(line: string, p: Partial<LogEntry> = {}): StagedEntry {
  const made = entry({ line, ...p });
  return new StagedEntry({ ...made, seq: 1, level: levelOf(made) });
}

/** Labels of an entry without the level that every one has. */
export function labelsOf(one: StagedEntry): Record<string, string> {
  const { detected_level: _, ...labels } = Object.fromEntries(one.labels());
  return labels;
}

/** A folder with these entries, the first half in a sealed chunk. */
export function filled(entries: readonly LogEntry[]): LogFolder {
  const folder = new LogFolder();
  const files = folder.open();
  const half = Math.ceil(entries.length / 2);
  files.append([batchOf(entries.slice(0, half))], noonMs);
  files.seal(noonMs);
  if (half < entries.length) files.append([batchOf(entries.slice(half))], noonMs);
  files.close();
  return folder;
}

/** Asks about the minute behind noon, unless said otherwise. */
export function ask(folder: LogFolder, text: string, p: Partial<LogQlQuestion> = {}): LogQlAnswer {
  const question: LogQlQuestion = {
    tenant: "default",
    text,
    fromNs: noonNs,
    toNs: noonNs + 60_000_000_000n,
    stepMs: 1_000,
    limit: 100,
    direction: "backward",
    categorize: false,
    ...p,
  };
  const snapshot = Snapshot.open(folder.path, reachOf(question));
  try {
    return answerLogQl(snapshot, question, limits);
  } finally {
    snapshot.close();
  }
}

/** Values at one moment by the labels they have, as `a=b,c=d`. */
export function valuesAt(folder: LogFolder, text: string, toNs = noonNs + 60_000_000_000n): Record<string, number> {
  const answer = ask(folder, text, { fromNs: toNs, toNs, stepMs: 0 });
  if (answer.kind !== "series") throw new Error(`${text} answers ${answer.kind}`);
  return Object.fromEntries(
    answer.series.map(({ labels, points }) => [
      Object.entries(labels)
        .map((pair) => pair.join("="))
        .toSorted((a, b) => (a < b ? -1 : 1))
        .join(","),
      points[0]?.[1] ?? Number.NaN,
    ]),
  );
}
