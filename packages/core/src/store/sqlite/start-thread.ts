// Starting a thread of the store, and the errors its callers get when there is none.
import { SluiceError, type WireError } from "@sluice/protocol";
import type { WriterSettings } from "./database.ts";
import type { Batch, BatchReply } from "./writer.ts";

/** What a thread says: one message for each request, and word of its own when the log grows or a late failure shows. */
export type ThreadMessage = Partial<BatchReply> & {
  readonly opened?: boolean;
  /** Of a writer that was opened: the name of the data. */
  readonly instance?: string;
  readonly closed?: boolean;
  readonly late?: boolean;
  readonly value?: unknown;
};

/** What the writer's thread is asked: `open` first, then batches, one at a time, until `close`. */
export type WriterRequest = { readonly open: WriterSettings } | { readonly batch: Batch } | { readonly close: true };

/** What a reader's thread is asked: the same with reads; `verify` is the only message of a thread that verifies. */
export type ReaderRequest =
  | { readonly open: WriterSettings }
  | { readonly read: string; readonly params: unknown }
  | { readonly verify: string }
  | { readonly close: true };

export function startThread(name: "writer" | "reader"): Worker {
  // Bundled, the thread's file stands beside the bundle.
  const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./${name}-thread.${suffix}`, import.meta.url));
}

export function closedError(): SluiceError {
  return new SluiceError({ code: "store_failed", message: "The store is closed." });
}

export function threadError(event: ErrorEvent): WireError {
  return { code: "store_failed", message: `A thread of the store ended: ${event.message}` };
}
