// Embedded use: an engine in the program's own process. The server's code is loaded only when it is called.
import { SluiceError } from "@sluice/protocol";
import type { Client, Duration, Task, Workflow } from "@sluice/sdk";

export interface OpenOptions {
  /** Data folder; made when it is not there. One process at a time. */
  readonly data: string;
  readonly workflows: readonly Workflow[];
  /** Tasks that this program does for its runs. */
  readonly tasks?: readonly Task[];
  /** Name of this version of the code. */
  readonly version?: string;
  /** What happens to runs of an earlier version: moved after a replay check (default), or left parked. */
  readonly onDeploy?: "pin" | "move";
  /** `full` (default): what was acknowledged survives a power cut. `relaxed`: it survives a crash of the process. */
  readonly durability?: "full" | "relaxed";
  /** Named limits, such as `concurrentRunsMax` or `parkAfterMs`. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Base of callback and approval URLs, when something serves them. */
  readonly url?: string;
  /** Values of secrets, by name; others come from the encrypted store of the data folder. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Payloads of workflows that say nothing about it are encrypted at rest. */
  readonly encryptPayloads?: boolean;
  /**
   * Where traces and metrics go, over OTLP/HTTP: `/v1/traces` and `/v1/metrics` below the endpoint. `sample`: which share of the
   * traces that begin here is exported, from 0 to 1 (the default). `version` is told as `service.version`.
   */
  readonly telemetry?: {
    readonly endpoint: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly sample?: number;
    readonly version?: string;
  };
  /** How long running steps get on `close`. */
  readonly drain?: Duration;
}

/** Opens a data folder and executes these workflows in this process. Needs Bun. */
export async function open(options: OpenOptions): Promise<Client> {
  if (!("Bun" in globalThis)) {
    throw new SluiceError({
      code: "unavailable",
      message: "open() needs Bun: the embedded store is Bun's SQLite.",
      hint: "Run the program with Bun, or connect({ url }) to a server started with `sluice up`.",
    });
  }
  const { openEmbedded } = await import("@sluice/server/embedded");
  return openEmbedded(options);
}
