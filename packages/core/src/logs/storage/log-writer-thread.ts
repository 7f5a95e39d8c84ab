// The thread that owns the head: a slow disk stalls nothing else.
import type { Catalog } from "../archive/catalog.ts";
import type { LogBatch } from "../entry.ts";
import type { Tombstone } from "./head.ts";
import { LogFiles } from "./log-files.ts";
import type { FileOptions } from "./log-files.ts";
import type { Damage } from "./sealing.ts";
import { answerCall } from "./thread-calls.ts";
import type { ThreadCall } from "./thread-calls.ts";

declare const self: Worker;

let opened: LogFiles | undefined;

function files(): LogFiles {
  if (opened === undefined) throw new Error("the logs were not opened");
  return opened;
}

const verbs = {
  open: (options: FileOptions) => {
    opened = new LogFiles(options);
    return opened.state;
  },
  append: ({ batches, nowMs }: { readonly batches: readonly LogBatch[]; readonly nowMs: number }) => ({
    results: files().append(batches, nowMs),
    state: files().state,
  }),
  places: (names: readonly string[]) => files().places(names),
  openPlaces: (p: { readonly after: string; readonly limit: number }) => files().openPlaces(p),
  beginSeal: () => files().beginSeal(),
  endSeal: ({ to, damaged }: { readonly to: number; readonly damaged: readonly Damage[] }) => {
    files().endSeal(to, damaged);
    return files().state;
  },
  retain: (nowMs: number) => files().retain(nowMs),
  bury: (p: Omit<Tombstone, "id" | "upToSeq"> & { readonly nowMs: number }) => files().bury(p),
  buried: () => files().buried,
  rewritten: ({ id, nowMs }: { readonly id: number; readonly nowMs: number }) => files().rewritten(id, nowMs),
  unbury: (beforeMs: number) => files().unbury(beforeMs),
  catalog: () => files().catalog.days(),
  catalogPut: (p: Parameters<Catalog["put"]>[0]) => files().catalog.put(p),
  garbage: (beforeMs: number) => files().catalog.garbage(beforeMs),
  swept: (names: readonly string[]) => files().catalog.swept(names),
  close: () => opened?.close(),
};

self.addEventListener("message", ({ data }: MessageEvent<ThreadCall>) => self.postMessage(answerCall(verbs, data)));
