// Logs: entries in, queries and live tails out, kept in files of their own. Loaded when somebody uses them.
export { timeMsMax } from "./storage/head.ts";
export { LogStore } from "./storage/log-store.ts";
export type { LogStoreOptions } from "./storage/log-store.ts";
export { OwnLines, ownTenants } from "./own/own-lines.ts";
export { Tails } from "./live/tails.ts";
export type { Missed, Tail, TailPiece } from "./live/tails.ts";
export { Collector, RefusedRequest } from "./ingest/collector.ts";
export type { RejectCode, Rejected } from "./ingest/collector.ts";
export { addNative, readNative, readNativeList } from "./ingest/native.ts";
export { readLokiJson } from "./ingest/loki/json.ts";
export { readLokiProtobuf } from "./ingest/loki/protobuf.ts";
export { unsnap } from "./ingest/loki/snappy.ts";
export { parseQuery } from "./query/parse.ts";
export { QueryError } from "./query/scanner.ts";
export { isoTime } from "./query/row.ts";
export type { QueryAnswer } from "./query/execute.ts";
export { levelNumber, logLevels } from "./level.ts";
export type { Appended, FieldValue, StoredEntry } from "./entry.ts";
