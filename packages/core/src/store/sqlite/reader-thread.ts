// The thread of long reads, and of looking a data folder over. Apart from the writer's, so that neither holds the other's code.
import { join } from "node:path";
import { toWire } from "@sluice/protocol";
import type { DataCheck } from "./check-data.ts";
import { openReader, type WriterSettings } from "./database.ts";
import { failureOf } from "./failures.ts";
import { dataFiles, prepareDatabase } from "./prepare-database.ts";
import { Reads } from "./reads.ts";
import type { ReaderRequest, ThreadMessage } from "./start-thread.ts";

declare const self: Worker;

let reads: Reads | undefined;
/** Requests are answered after it, in their order. */
let opening: Promise<void> | undefined;

async function open(settings: WriterSettings): Promise<ThreadMessage> {
  if (settings.postgres === undefined) reads = new Reads(openReader(settings));
  else {
    const { openPostgresReader } = await import("../postgres/open-threads.ts");
    reads = new Reads(openPostgresReader(settings.postgres));
  }
  return { opened: true };
}

async function answer(
  request: Extract<ReaderRequest, { readonly read: string } | { readonly close: true }>,
): Promise<ThreadMessage> {
  if ("read" in request) {
    if (reads === undefined) throw new Error("a read came before the reader was opened");
    return { value: await reads.execute(request.read, request.params) };
  }
  reads?.close();
  return { closed: true };
}

async function verify(folder: string): Promise<DataCheck> {
  const { checkData } = await import("./check-data.ts");
  const { outcome } = prepareDatabase({ file: join(folder, dataFiles.database) });
  if (outcome !== "created") return checkData({ folder });
  return { sound: false, findings: [{ kind: "missing", message: "The database is empty." }], runs: 0, blobs: 0 };
}

self.addEventListener("message", (event: MessageEvent<ReaderRequest>) => {
  try {
    const request = event.data;
    if ("verify" in request) void verify(request.verify).then((value) => self.postMessage({ value }), fail);
    else if ("open" in request) opening = open(request.open).then((opened) => self.postMessage(opened), fail);
    else if (opening === undefined) fail(new Error("a read came before the reader was opened"));
    else void opening.then(async () => self.postMessage(await answer(request))).catch(fail);
  } catch (thrown) {
    fail(thrown);
  }
});

function fail(thrown: unknown): void {
  const { error } = failureOf(thrown);
  self.postMessage({ failed: error.code === "internal" ? toWire(thrown) : error });
}
