// Which thread does what of archiving: the writer keeps the catalog, the one that seals takes out of daily files, and one of its own
// waits for archives.
import type { ArchiveVerbs } from "../archive/log-archive.ts";
import type { ArchiveFormat } from "../archive/catalog.ts";
import type { ArchivePlace } from "../archive/target.ts";
import type { Readers } from "./readers.ts";
import type { CallThread } from "./thread-calls.ts";

export function archiveVerbs(p: {
  readonly folder: string;
  readonly place: ArchivePlace;
  readonly format: ArchiveFormat;
  readonly writer: CallThread;
  readonly sealer: Readers;
  readonly archivist: Readers;
  readonly sealed: () => number;
}): ArchiveVerbs {
  const { writer, sealer, archivist, folder, place, format } = p;
  const to = { folder, place, format };
  return {
    sealed: p.sealed,
    catalog: () => writer.call("catalog", undefined),
    put: (change) => writer.call("catalogPut", change),
    garbage: (beforeMs) => writer.call("garbage", beforeMs),
    swept: (files) => writer.call("swept", files),
    drop: (dropped) => sealer.call("drop", { folder, ...dropped }),
    archiveDay: (day) => archivist.call("archiveDay", { ...to, ...day }),
    rewriteArchived: (day) => archivist.call("rewriteArchived", { ...to, ...day }),
    verifyArchived: (known) => archivist.call("verifyArchived", { ...to, known }),
    restoreDay: (known) => archivist.call("restoreDay", { ...to, known }),
    remove: (files) => archivist.call("removeArchived", { ...to, files }),
  };
}
