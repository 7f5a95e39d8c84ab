// For tests of this room: a folder that goes when the test ends, and what stands in it, read as a query would.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredEntry } from "../entry.ts";
import { LogFiles } from "./log-files.ts";
import type { FileOptions } from "./log-files.ts";
import { entryAt } from "./rows.ts";
import { Snapshot } from "./snapshot.ts";
import type { Span } from "./snapshot.ts";

export class LogFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "sluice-logs-"));

  open(p: Partial<FileOptions> = {}): LogFiles {
    return new LogFiles({
      folder: this.path,
      chunkBytesMax: 1_000,
      keysKeptMs: 86_400_000,
      keepDays: 0,
      keepBytes: 0,
      ...p,
    });
  }

  /** Everything there is, in the order of commits. */
  all(span: Partial<Span> = {}): StoredEntry[] {
    const whole = { tenant: "default", fromMs: -Infinity, toMs: Infinity, ...span };
    const snapshot = Snapshot.open(this.path, whole);
    try {
      const found: StoredEntry[] = [];
      for (const part of snapshot.parts(whole)) {
        const rows = part.rows();
        if (rows === undefined) continue;
        for (let row = 0; row < rows.count; row++) found.push(entryAt(rows, row));
      }
      return found
        .filter(({ timeMs }) => timeMs >= whole.fromMs && timeMs < whole.toMs)
        .toSorted((a, b) => a.seq - b.seq);
    } finally {
      snapshot.close();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What a call has failed with; a word where it has not. */
export function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "nothing failed",
    (error: unknown) => error,
  );
}
