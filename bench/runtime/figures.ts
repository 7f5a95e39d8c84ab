// The figures of a runtime: their names, what they are, and which way is better.

export interface FigureSpec {
  readonly label: string;
  readonly better: "more" | "less";
}

export const figureSpecs = {
  http_rps: { label: "HTTP requests a second, a route with a parameter", better: "more" },
  sqlite_ms: { label: "SQLite: the reads, writes and transactions below, ms", better: "less" },
  sqlite_reads_per_second: { label: "SQLite: rows read by key, a second", better: "more" },
  sqlite_writes_per_second: {
    label: "SQLite: rows written one by one (WAL, synchronous = normal), a second",
    better: "more",
  },
  sqlite_transactions_per_second: { label: "SQLite: transactions of 1,000 rows, a second", better: "more" },
  startup_ms: { label: "start of an empty program, ms", better: "less" },
  build_ms: { label: "bundling packages/protocol, ms", better: "less" },
  spawn_ms: { label: "child process, from spawn to its end, ms", better: "less" },
  hash_sha256_mb_per_second: { label: "SHA-256, MB a second", better: "more" },
  hash_fast_mb_per_second: { label: "fastHash (XXH3), MB a second", better: "more" },
  hash_content_mb_per_second: { label: "contentHash (MurmurHash3), MB a second", better: "more" },
  read_plain_mb_per_second: { label: "a large file read and hashed with fastHash, MB a second", better: "more" },
  read_mapped_mb_per_second: { label: "the same file mapped and hashed, MB a second", better: "more" },
} as const satisfies Record<string, FigureSpec>;

export type FigureName = keyof typeof figureSpecs;
export const figureNames = Object.keys(figureSpecs) as FigureName[];

/** Absent: the runtime has no such thing. */
export type Figures = Partial<Record<FigureName, number>>;

/** How many times better the first is: above 1 it is faster, whichever way the figure counts. */
export function timesBetter(figure: FigureName, first: number, second: number): number {
  return figureSpecs[figure].better === "more" ? first / second : second / first;
}
