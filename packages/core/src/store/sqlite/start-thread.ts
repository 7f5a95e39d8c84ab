// Starting a thread of the store, and the errors its callers get when there is none.
import { SluiceError, type WireError } from "@sluice/protocol";
import type { BatchReply } from "./writer.ts";

/** What a thread says: one message for each request, and word of its own when the log grows or a late failure shows. */
export type ThreadMessage = Partial<BatchReply> & {
  readonly opened?: boolean;
  /** Of a writer that was opened: the name of the data. */
  readonly instance?: string;
  readonly closed?: boolean;
  readonly late?: boolean;
  readonly value?: unknown;
};

export function startThread(): Worker {
  // Bundled, the thread's file stands beside the bundle.
  const file = import.meta.url.endsWith(".ts") ? "./writer-thread.ts" : "./writer-thread.js";
  return new Worker(new URL(file, import.meta.url));
}

export function closedError(): SluiceError {
  return new SluiceError({ code: "store_failed", message: "The store is closed." });
}

export function threadError(event: ErrorEvent): WireError {
  return { code: "store_failed", message: `A thread of the store ended: ${event.message}` };
}
