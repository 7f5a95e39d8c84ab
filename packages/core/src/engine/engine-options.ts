// What an engine is made of: its store, its clock, and who helps it.
import type { BlobStore } from "../kernel/blob-store.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Ids } from "../kernel/ids.ts";
import type { Logger } from "../kernel/log.ts";
import type { RunStore } from "../kernel/run-store.ts";
import type { SecretSource } from "../kernel/secret-source.ts";
import type { TriggerSource } from "../kernel/trigger-source.ts";
import type { TriggerStore } from "../kernel/trigger-store.ts";
import type { ProvideVersion } from "./dispatcher.ts";
import type { EngineLimits } from "./limits.ts";
import type { Sealing } from "./sealing.ts";

export interface EngineOptions {
  readonly store: RunStore;
  readonly triggers: TriggerStore;
  /** What else may start runs. */
  readonly sources?: readonly TriggerSource[] | undefined;
  readonly blobs?: BlobStore | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly owner: string;
  readonly limits?: Partial<EngineLimits> | undefined;
  readonly onDeploy: "pin" | "move";
  /** Base of URLs given out; asked late because a port may not be known yet. */
  readonly url: () => string;
  /** Brings up workers of other versions; without one, only attached workers execute. */
  readonly provideVersion?: ProvideVersion | undefined;
  /** The trace of a run that is part of no other, as a `traceparent`; without it there is none. */
  readonly trace?: ((run: string) => string) | undefined;
  /** Encryption of payloads; without it none is. */
  readonly sealing?: Sealing | undefined;
  /** Values of secrets for the workers that use them; without one there are none. */
  readonly secrets?: SecretSource | undefined;
}
