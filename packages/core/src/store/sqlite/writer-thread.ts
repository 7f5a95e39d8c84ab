// The thread that owns the write connection, or, asked so, one that only reads or looks a data folder over: a slow disk stalls
// nothing else.
import { join } from "node:path";
import { toWire } from "@sluice/protocol";
import type { DataCheck } from "./check-data.ts";
import { openReader, openWriter, type WriterSettings } from "./database.ts";
import { failureOf } from "./failures.ts";
import { dataFiles, prepareDatabase } from "./prepare-database.ts";
import { Reads } from "./reads.ts";
import { readInstance } from "./audit/sqlite-audit-log.ts";
import type { ThreadMessage } from "./start-thread.ts";
import { Writer, type Batch } from "./writer.ts";

/**
 * The first message says what the thread is for; then come batches or reads, one at a time, until `close`. `verify` is the
 * only message of a thread that verifies.
 */
export type ThreadRequest =
  | { readonly open: "writer" | "reader"; readonly settings: WriterSettings }
  | { readonly batch: Batch }
  | { readonly read: string; readonly params: unknown }
  | { readonly verify: string }
  | { readonly close: true };

declare const self: Worker;

let writer: Writer | undefined;
let reads: Reads | undefined;

function open(role: "writer" | "reader", settings: WriterSettings): ThreadMessage {
  if (role === "reader") {
    reads = new Reads(openReader(settings));
    return { opened: true };
  }
  const db = openWriter(settings);
  writer = new Writer(db, settings);
  return { opened: true, instance: readInstance(db) };
}

function answer(request: ThreadRequest): void {
  if ("batch" in request) {
    if (writer === undefined) throw new Error("a batch came before the writer was opened");
    self.postMessage(writer.run(request.batch));
    tidy(writer);
  } else if ("read" in request) {
    if (reads === undefined) throw new Error("a read came before the reader was opened");
    self.postMessage({ value: reads.execute(request.read, request.params) });
  } else if ("open" in request) {
    self.postMessage(open(request.open, request.settings));
  } else if ("verify" in request) {
    void verify(request.verify).then((value) => self.postMessage({ value }), fail);
  } else {
    writer?.close();
    reads?.close();
    self.postMessage({ closed: true });
  }
}

async function verify(folder: string): Promise<DataCheck> {
  const { checkData } = await import("./check-data.ts");
  const { outcome } = prepareDatabase({ file: join(folder, dataFiles.database) });
  if (outcome !== "created") return checkData({ folder });
  return { sound: false, findings: [{ kind: "missing", message: "The database is empty." }], runs: 0, blobs: 0 };
}

/** What follows a commit must not fail it: it was acknowledged. Only what forbids further ones is reported. */
function tidy(to: Writer): void {
  try {
    if (!to.tidy()) return;
    self.postMessage({ crowded: true });
    to.emptyLog();
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure.reach === "fatal") self.postMessage({ results: [], failed: failure.error, fatal: true, late: true });
  }
}

self.addEventListener("message", (event: MessageEvent<ThreadRequest>) => {
  try {
    answer(event.data);
  } catch (thrown) {
    fail(thrown);
  }
});

function fail(thrown: unknown): void {
  const { error } = failureOf(thrown);
  self.postMessage({ failed: error.code === "internal" ? toWire(thrown) : error });
}
