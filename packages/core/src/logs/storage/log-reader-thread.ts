// A thread that reads: queries, and the sealing of what stands in the head. It writes chunks and never the head.
import { ArchiveReads, FooterCache, usualPlace } from "../archive/archive-reads.ts";
import type { ReadRange } from "../archive/archive-reads.ts";
import { archiveDay, restoreDay, rewriteArchived, verifyArchived } from "../archive/archive-work.ts";
import type { ArchiveTools } from "../archive/archive-work.ts";
import type { ArchivedDay, ArchiveFormat } from "../archive/catalog.ts";
import { bridgedRange } from "../archive/range-bridge.ts";
import { folderRange, targetAt } from "../archive/target.ts";
import type { ArchivePlace } from "../archive/target.ts";
import type { Query } from "../query/ast.ts";
import { execute } from "../query/execute.ts";
import { answerLogQl, reachOf } from "../query/logql/answer.ts";
import type { LogQlAnswer, LogQlQuestion } from "../query/logql/answer.ts";
import { LogQlError } from "../query/logql/logql-error.ts";
import { QueryError } from "../query/scanner.ts";
import { LogDatabase } from "./database.ts";
import { dropArchived } from "./day.ts";
import { HeadCache } from "./head-cache.ts";
import { headFile } from "./head.ts";
import type { Tombstone } from "./head.ts";
import { writeChunks } from "./log-files.ts";
import type { FileOptions } from "./log-files.ts";
import { rewriteDays } from "./rewriting.ts";
import { Snapshot } from "./snapshot.ts";
import type { Span } from "./snapshot.ts";
import { streamKey } from "../labels.ts";
import { answerCallLater } from "./thread-calls.ts";
import type { ThreadCall } from "./thread-calls.ts";

declare const self: Worker;

/** A query as it is handed over. */
export interface ReaderQuery {
  readonly folder: string;
  /** Where archives are; the usual place without it. */
  readonly place?: ArchivePlace | undefined;
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

/** A question in LogQL as it is handed over. */
export interface ReaderLogQl extends Pick<
  ReaderQuery,
  "folder" | "place" | "rowsMax" | "bytesMax" | "timeMsMax" | "cancelled"
> {
  readonly question: LogQlQuestion;
}

/** What was read of archives and of the head stays with the thread: one thread reads one folder. */
const footers = new FooterCache();
const pieces = new HeadCache();

function readsOf(p: {
  readonly folder: string;
  readonly place?: ArchivePlace | undefined;
  readonly timeMsMax: number;
}): ArchiveReads {
  const place = p.place ?? usualPlace(p.folder);
  const range: ReadRange =
    place.kind === "folder"
      ? (name, at) => folderRange(place.path, name, at)
      : bridgedRange((asked) => self.postMessage(asked), { place, timeMsMax: p.timeMsMax });
  return new ArchiveReads(range, footers);
}

function query(p: ReaderQuery): unknown {
  const until = performance.now() + p.timeMsMax;
  const over = (): "time" | "cancelled" | undefined => {
    if (Atomics.load(p.cancelled, 0) !== 0) return "cancelled";
    return performance.now() > until ? "time" : undefined;
  };
  const { tenant, aboveSeq, upToSeq, rowsMax, bytesMax } = p;
  const snapshot = Snapshot.open(p.folder, p.query, { archive: readsOf(p), pieces });
  try {
    return execute(snapshot, { tenant, query: p.query, aboveSeq, upToSeq, limits: { rowsMax, bytesMax, over } });
  } finally {
    snapshot.close();
  }
}

/** Faults of the question are its answer: they are told apart on the other side by their names. */
function logql(
  p: ReaderLogQl,
): LogQlAnswer | { readonly refused: { readonly message: string; readonly at: number | null } } {
  const until = performance.now() + p.timeMsMax;
  const over = (): "time" | "cancelled" | undefined => {
    if (Atomics.load(p.cancelled, 0) !== 0) return "cancelled";
    return performance.now() > until ? "time" : undefined;
  };
  try {
    const snapshot = Snapshot.open(p.folder, reachOf(p.question), { archive: readsOf(p), pieces });
    try {
      const { rowsMax, bytesMax } = p;
      return answerLogQl(snapshot, p.question, { rowsMax, bytesMax, over });
    } finally {
      snapshot.close();
    }
  } catch (error) {
    if (error instanceof QueryError) return { refused: { message: error.message, at: error.at } };
    if (error instanceof LogQlError) return { refused: { message: error.message, at: null } };
    throw error;
  }
}

/** Where the files of a day are, and where they go to. */
interface ArchiveTask {
  readonly folder: string;
  readonly place: ArchivePlace;
  readonly format: ArchiveFormat;
}

interface ArchiveRewrite {
  readonly known: ArchivedDay;
  readonly tombstone: Tombstone;
}

function toolsOf({ place, format }: Pick<ArchiveTask, "place" | "format">): ArchiveTools {
  return { target: targetAt(place), format };
}

const verbs = {
  query,
  logql,
  rewrite: (p: { readonly folder: string; readonly tombstone: Tombstone; readonly sealed: number }) => rewriteDays(p),
  drop: (p: Parameters<typeof dropArchived>[0]) => dropArchived(p),
  archiveDay: ({
    folder,
    known,
    sealed,
    ...to
  }: ArchiveTask & { readonly known: ArchivedDay; readonly sealed: number }) =>
    archiveDay({ folder, known, sealed }, toolsOf(to)),
  rewriteArchived: ({ known, tombstone, ...to }: ArchiveTask & ArchiveRewrite) =>
    rewriteArchived(known, tombstone, toolsOf(to)),
  verifyArchived: ({ known, place }: ArchiveTask & { readonly known: ArchivedDay }) =>
    verifyArchived(known, targetAt(place)),
  restoreDay: ({ folder, known, place }: ArchiveTask & { readonly known: ArchivedDay }) =>
    restoreDay({ folder, known }, { target: targetAt(place) }),
  removeArchived: async ({ files, place }: ArchiveTask & { readonly files: readonly string[] }) => {
    const target = targetAt(place);
    for (const file of files) await target.remove(file);
  },
  streams: ({ folder, place, timeMsMax, ...span }: Span & Pick<ReaderQuery, "folder" | "place" | "timeMsMax">) => {
    const snapshot = Snapshot.open(folder, span, { archive: readsOf({ folder, place, timeMsMax }), pieces });
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

self.addEventListener("message", ({ data }: MessageEvent<ThreadCall>) => {
  void answerCallLater(verbs, data).then((answer) => self.postMessage(answer));
});
