// A thread that reads: queries, and the sealing of what stands in the head. It writes chunks and never the head.
import type { Query } from "../query/ast.ts";
import { execute } from "../query/execute.ts";
import { LogDatabase } from "./database.ts";
import { headFile } from "./head.ts";
import type { Tombstone } from "./head.ts";
import { writeChunks } from "./log-files.ts";
import type { FileOptions } from "./log-files.ts";
import { rewriteDays } from "./rewriting.ts";
import { Snapshot } from "./snapshot.ts";
import type { Span } from "./snapshot.ts";
import { streamKey } from "../labels.ts";
import { answerCall } from "./thread-calls.ts";
import type { ThreadCall } from "./thread-calls.ts";

declare const self: Worker;

/** A query as it is handed over. */
export interface ReaderQuery {
  readonly folder: string;
  readonly tenant: string;
  readonly query: Query;
  readonly aboveSeq: number | undefined;
  readonly upToSeq: number | undefined;
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly timeMsMax: number;
  /** One number in shared memory: 1 once nobody wants the answer any more. */
  readonly cancelled: Int32Array;
}

function query(p: ReaderQuery): unknown {
  const until = performance.now() + p.timeMsMax;
  const over = (): "time" | "cancelled" | undefined => {
    if (Atomics.load(p.cancelled, 0) !== 0) return "cancelled";
    return performance.now() > until ? "time" : undefined;
  };
  const { tenant, aboveSeq, upToSeq, rowsMax, bytesMax } = p;
  const snapshot = Snapshot.open(p.folder, p.query);
  try {
    return execute(snapshot, { tenant, query: p.query, aboveSeq, upToSeq, limits: { rowsMax, bytesMax, over } });
  } finally {
    snapshot.close();
  }
}

const verbs = {
  query,
  rewrite: (p: { readonly folder: string; readonly tombstone: Tombstone; readonly sealed: number }) => rewriteDays(p),
  streams: ({ folder, ...span }: Span & { readonly folder: string }) => {
    const snapshot = Snapshot.open(folder, span);
    try {
      return [...new Set(snapshot.streams(span.tenant).map(streamKey))];
    } finally {
      snapshot.close();
    }
  },
  seal: (p: FileOptions & { readonly from: number; readonly to: number; readonly nowMs: number }) => {
    const head = new LogDatabase(headFile(p.folder), "read");
    try {
      return writeChunks(p, { head, from: p.from, to: p.to, nowMs: p.nowMs });
    } finally {
      head.close();
    }
  },
};

self.addEventListener("message", ({ data }: MessageEvent<ThreadCall>) => self.postMessage(answerCall(verbs, data)));
