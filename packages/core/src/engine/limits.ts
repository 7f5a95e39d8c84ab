// Named limits of the engine. Each is a setting; an error about one names both.

export interface EngineLimits {
  /** Runs in memory at once; further ones wait in the queue. */
  readonly concurrentRunsMax: number;
  /** Runs waiting to be executed; further starts are refused. */
  readonly queueLengthMax: number;
  /** Inputs gathered for one run, as they are stored; past it the run begins. */
  readonly batchBytesMax: number;
  /** One input, result, event or state value. */
  readonly payloadBytesMax: number;
  /** The JSON Schema of a workflow's input, encoded; without a worker an input is judged by it on the engine's thread. */
  readonly schemaBytesMax: number;
  /** Values larger than this are kept as blobs. */
  readonly inlineBytesMax: number;
  /** Journal entries of one run. */
  readonly journalEntriesMax: number;
  /** First piece of a journal, and each following one. */
  readonly journalPieceBytesMax: number;
  /** Timers settled in one commit. */
  readonly timerBatchMax: number;
  /** A sleep that is all its run waits for is written as over this much early, and handed out when it is. */
  readonly sleepLeadMs: number;
  /** Runs claimed in one commit. */
  readonly claimBatchMax: number;
  /** Times a run may take its worker down before it is parked. */
  readonly crashesMax: number;
  /** An undo waits no longer for a task that was told to stop and has not. */
  readonly taskStopMs: number;
  /** Written beside one approval. */
  readonly approvalCommentsMax: number;
  /** Stored events that may wait for listeners. */
  readonly eventsMax: number;
  /** How long events are kept for listeners that come later. */
  readonly eventRetentionMs: number;
  /** Finished runs are kept this long where their workflow does not say otherwise. */
  readonly runRetentionMs: number;
  /** How long figures about runs are kept: by the hour, also of runs that are not there any more. */
  readonly figuresRetentionMs: number;
  /** Streamed output of one run that is kept; older pieces go. */
  readonly streamBytesMax: number;
  /** Results of steps kept for other runs. */
  readonly cacheEntriesMax: number;
  /** Pause between two rounds of cleaning up. */
  readonly sweepIntervalMs: number;
  /** Rows deleted in one commit of cleaning up. */
  readonly sweepBatchMax: number;
  /** Longest wait for a worker's verdict on an input. */
  readonly validateTimeoutMs: number;
  /** How long the occurrences of triggers are remembered, so that none gets a second run. */
  readonly triggerSeenMs: number;
  /** Occurrences of one trigger that wait because a limit of their workflow turned them away; past it the trigger itself waits. */
  readonly triggerWaitingMax: number;
  /** Events that an event trigger deals with in one commit. */
  readonly triggerBatchMax: number;
  /** Longest wait for a webhook's, an event trigger's or a form's functions. */
  readonly triggerTimeoutMs: number;
  /** How long deliveries to webhooks are kept, and how many of one webhook. */
  readonly deliveryRetentionMs: number;
  readonly deliveriesKeptMax: number;
  /** A schedule's time this late still counts as on time. */
  readonly scheduleGraceMs: number;
  /** Pause before a run whose commit failed is taken up again. */
  readonly reloadDelayMs: number;
  /** How long running steps get when the engine stops. */
  readonly drainMs: number;
}

export const engineLimits: EngineLimits = {
  concurrentRunsMax: 1_000,
  queueLengthMax: 1_000_000,
  batchBytesMax: 4 * 1024 * 1024,
  payloadBytesMax: 32 * 1024 * 1024,
  schemaBytesMax: 256 * 1024,
  inlineBytesMax: 64 * 1024,
  journalEntriesMax: 100_000,
  journalPieceBytesMax: 4 * 1024 * 1024,
  timerBatchMax: 500,
  sleepLeadMs: 3,
  claimBatchMax: 200,
  crashesMax: 3,
  taskStopMs: 600_000,
  approvalCommentsMax: 200,
  eventsMax: 1_000_000,
  eventRetentionMs: 7 * 86_400_000,
  runRetentionMs: 30 * 86_400_000,
  figuresRetentionMs: 90 * 86_400_000,
  streamBytesMax: 16 * 1024 * 1024,
  cacheEntriesMax: 100_000,
  sweepIntervalMs: 60_000,
  sweepBatchMax: 500,
  validateTimeoutMs: 10_000,
  triggerSeenMs: 30 * 86_400_000,
  triggerWaitingMax: 10_000,
  triggerBatchMax: 100,
  triggerTimeoutMs: 10_000,
  deliveryRetentionMs: 7 * 86_400_000,
  deliveriesKeptMax: 1_000,
  scheduleGraceMs: 5_000,
  reloadDelayMs: 250,
  drainMs: 10_000,
};
