// The thread that owns the write connection: a slow disk stalls nothing else.
import { toWire } from "@sluice/protocol";
import { readInstance } from "./audit/sqlite-audit-log.ts";
import { openWriter } from "./database.ts";
import { failureOf } from "./failures.ts";
import type { ThreadMessage, WriterRequest } from "./start-thread.ts";
import { Writer } from "./writer.ts";

declare const self: Worker;

let writer: Writer | undefined;

function answer(request: WriterRequest): ThreadMessage {
  if ("open" in request) {
    const db = openWriter(request.open);
    writer = new Writer(db, request.open);
    return { opened: true, instance: readInstance(db) };
  }
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
  try {
    self.postMessage(answer(event.data));
    if (writer !== undefined && "batch" in event.data) tidy(writer);
  } catch (thrown) {
    const { error } = failureOf(thrown);
    self.postMessage({ failed: error.code === "internal" ? toWire(thrown) : error });
  }
});
