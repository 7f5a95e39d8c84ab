// Named limits of logs, each with its unit.

export interface LogLimits {
  /** Entries of one request, and bytes of it once it is unpacked. */
  readonly logEntriesMax: number;
  readonly logBodyBytesMax: number;
  /** Longest line, in bytes of UTF-8; longer ones are refused. */
  readonly logEntryLineBytesMax: number;
  readonly logFieldsMax: number;
  readonly logFieldBytesMax: number;
  readonly logLabelsMax: number;
  /** Connections of one listener at once, and datagrams that wait to be written: further ones are closed, or left out. */
  readonly logConnectionsMax: number;
  readonly logDatagramsWaitingMax: number;
  /** Entries of Loki's pushes that are known again when they come once more; at most twice as many. */
  readonly logRecentEntriesMax: number;
  /** Bytes of what waits to be committed; more is refused for a while. */
  readonly logQueueBytesMax: number;
  /** Raw bytes of the head, or age of its oldest entry, after which it is sealed. */
  readonly logSealBytes: number;
  readonly logSealAfterMs: number;
  /** Raw bytes of one chunk. */
  readonly logChunkBytesMax: number;
  /** Whole UTC days that are kept; 0 is for ever. */
  readonly logKeepDays: number;
  /** Bytes of daily files that are kept; the oldest go first. 0: any number. */
  readonly logKeepBytes: number;
  /** Whole UTC days after which entries move into the archive; 0: they do not. */
  readonly logArchiveAfterDays: number;
  /** Free bytes of the disk below which no entries are taken. */
  readonly logDiskFreeBytesMin: number;
  /** How long the key of a request is remembered. */
  readonly logKeysKeptMs: number;
  readonly logQueryMsMax: number;
  readonly logQueryBytesMax: number;
  readonly logQueryRowsMax: number;
  readonly logQueriesMax: number;
  /** Queries that wait for their turn; further ones are refused for a while. */
  readonly logQueriesWaitingMax: number;
  /** How long a thread that reads stays without work. */
  readonly logReaderIdleMs: number;
  /** How long the product's own lines are gathered before they are written; 0: they are not. */
  readonly logOwnLinesMs: number;
  /** Tails at once, and entries that wait for one that is slow: further ones are counted and left out. */
  readonly logTailsMax: number;
  readonly logTailEntriesMax: number;
  /** WebSockets at once; what one of them may have sent without an answer; its subscriptions; how long it may say nothing. */
  readonly logSocketsMax: number;
  readonly logWindowMessages: number;
  readonly logWindowBytes: number;
  readonly logTopicsMax: number;
  readonly logSocketIdleMs: number;
}

export const logLimits: LogLimits = {
  logEntriesMax: 100_000,
  logBodyBytesMax: 16 * 1024 * 1024,
  logEntryLineBytesMax: 1024 * 1024,
  logFieldsMax: 1_000,
  logFieldBytesMax: 64 * 1024,
  logLabelsMax: 30,
  logConnectionsMax: 1_000,
  logDatagramsWaitingMax: 50_000,
  logRecentEntriesMax: 100_000,
  logQueueBytesMax: 64 * 1024 * 1024,
  logSealBytes: 16 * 1024 * 1024,
  logSealAfterMs: 5 * 60_000,
  logChunkBytesMax: 1024 * 1024,
  logKeepDays: 0,
  logKeepBytes: 0,
  logArchiveAfterDays: 30,
  logDiskFreeBytesMin: 64 * 1024 * 1024,
  logKeysKeptMs: 24 * 3_600_000,
  logQueryMsMax: 30_000,
  logQueryBytesMax: 10 * 1024 * 1024 * 1024,
  logQueryRowsMax: 5_000,
  logQueriesMax: 4,
  logQueriesWaitingMax: 64,
  logReaderIdleMs: 10_000,
  logOwnLinesMs: 250,
  logTailsMax: 1_000,
  logTailEntriesMax: 5_000,
  logSocketsMax: 1_000,
  logWindowMessages: 10_000,
  logWindowBytes: 32 * 1024 * 1024,
  logTopicsMax: 20,
  logSocketIdleMs: 300_000,
};
