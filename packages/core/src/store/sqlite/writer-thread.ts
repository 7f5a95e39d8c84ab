// The thread that owns the write connection: a slow disk stalls nothing else.
import { toWire } from "@sluice/protocol";
import { readInstance } from "./audit/sqlite-audit-log.ts";
import { openWriter, type WriterSettings } from "./database.ts";
import { failureOf } from "./failures.ts";
import type { ThreadMessage, WriterRequest } from "./start-thread.ts";
import { Writer } from "./writer.ts";

declare const self: Worker;

let writer: Writer | undefined;

async function open(settings: WriterSettings): Promise<ThreadMessage> {
  if (settings.postgres !== undefined) {
    const { openPostgresWriter } = await import("../postgres/open-threads.ts");
    const { db, marks } = openPostgresWriter(settings.postgres);
    writer = new Writer(db, { ...settings, marks });
    return { opened: true, instance: readInstance(db) };
  }
  const db = openWriter(settings);
  writer = new Writer(db, settings);
  return { opened: true, instance: readInstance(db) };
}

function answer(request: Exclude<WriterRequest, { readonly open: WriterSettings }>): ThreadMessage {
  if ("batch" in request) {
    if (writer === undefined) throw new Error("a batch came before the writer was opened");
    return writer.run(request.batch);
  }
  writer?.close();
  return { closed: true };
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

self.addEventListener("message", (event: MessageEvent<WriterRequest>) => {
  const request = event.data;
  if ("open" in request) {
    open(request.open).then((opened) => self.postMessage(opened), fail);
    return;
  }
  try {
    self.postMessage(answer(request));
    if (writer !== undefined && "batch" in request) tidy(writer);
  } catch (thrown) {
    fail(thrown);
  }
});

function fail(thrown: unknown): void {
  const { error } = failureOf(thrown);
  self.postMessage({ failed: error.code === "internal" ? toWire(thrown) : error });
}
