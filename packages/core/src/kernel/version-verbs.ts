// The part of the store port that keeps versions of the code, which runs have which, and what their workflows say about retention.
import type { InnerActor } from "./inner-actor.ts";
import type { AccessFilter, Actor, ChangeOutcome, RetentionRecord, VersionRecord } from "./run-records.ts";

export interface VersionVerbs {
  /** Stores a version that is deployed, and what its workflows say about retention from now on. */
  putVersion(p: {
    readonly by: InnerActor;
    readonly version: VersionRecord;
    readonly retentions: readonly RetentionRecord[];
  }): Promise<void>;
  /** Versions belong to no workflow: whose runs are on them, and who may see that, `RunFigures.countByVersion` says. */
  listVersions(): Promise<readonly VersionRecord[]>;
  /** Every workflow that has runs, by name, with what was said when it was deployed last; nothing, if it never was. */
  listRetentions(p?: { readonly access?: AccessFilter | undefined }): Promise<readonly RetentionRecord[]>;
  /** Unfinished runs for each version. */
  versionsInUse(): Promise<readonly { readonly version: string; readonly runs: number }[]>;
  /** Moves an unfinished run to another version of the code; with `epoch` only while that incarnation owns it. */
  moveRun(p: {
    readonly by: Actor;
    readonly run: string;
    readonly epoch?: number | undefined;
    readonly version: string;
    readonly now: number;
  }): Promise<ChangeOutcome>;
}
