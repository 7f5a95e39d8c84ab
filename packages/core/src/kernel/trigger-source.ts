// The port for whatever else can start runs: a source watches something outside and reports what has happened, under keys
// that make each happening count once. Files use it; a log match and a metric's alert can.
import type { Result } from "./result.ts";
import type { TriggerMark } from "./trigger-store.ts";

/** A trigger of a source, as the deployed code has it. */
export interface WatchedTrigger {
  readonly id: string;
  readonly workflow: string;
  /** What the source's own definition says: an encoded value. */
  readonly config: Uint8Array;
  readonly createdAt: number;
}

/** Something that has happened. */
export interface Happening {
  /** Names it: a second one under the key starts no second run, unless its mark differs. */
  readonly key: string;
  /** Form in which it happened, for what happens again and again under one key. */
  readonly mark?: string | undefined;
  /** Encoded value: the run's input. */
  readonly input: Uint8Array;
}

/** What a report changes, in one commit. */
export interface Report {
  readonly trigger: string;
  readonly happenings: readonly Happening[];
  /** Noted without a run. */
  readonly marks?: readonly Pick<TriggerMark, "key" | "mark">[] | undefined;
  readonly forget?: readonly string[] | undefined;
  /** True: keys are forgotten after `triggerSeenMs`. Otherwise they stay until `forget` names them. */
  readonly passing?: boolean | undefined;
}

export interface TriggerSink {
  /**
   * Starts what has to be started and remembers it. When this has resolved with `ok` it is durable; otherwise nothing
   * happened, and the source reports it again.
   */
  report(p: Report): Promise<Result<{ readonly started: number; readonly duplicates: number }>>;
  /** Everything that is noted under this trigger. */
  marks(trigger: string): Promise<ReadonlyMap<string, TriggerMark>>;
  /** Shows people that the source cannot watch, and why; undefined when it can again. */
  ail(trigger: string, error: Error | undefined): Promise<void>;
}

export interface TriggerSource {
  /** What triggers of this source have as their `source`. */
  readonly source: string;
  /** From now on exactly these are watched. Called at every deployment, and when one is paused or resumed. */
  watch(triggers: readonly WatchedTrigger[], sink: TriggerSink): void;
  stop(): Promise<void>;
}
