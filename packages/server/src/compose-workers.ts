// Where workers on other machines connect over TCP: opened only where a port was asked for. What serves may change under it.
import { systemClock } from "@sluice/core";
import type { ComposeOptions } from "./compose-parts.ts";
import type { Serving } from "./compose-serving.ts";

export interface WorkerListener {
  /** The one it listens on. */
  readonly port: number;
  stop(): void;
}

/** Undefined where no port was asked for. Throws `unavailable` when it cannot listen, `invalid_config` for a bad certificate. */
export async function listenForWorkers(
  { settings }: ComposeOptions,
  serving: () => Serving,
): Promise<WorkerListener | undefined> {
  const { worker } = settings;
  if (worker === undefined) return undefined;
  const [tcp, { readTls }] = await Promise.all([import("./workers/tcp-listener.ts"), import("./compose-tls.ts")]);
  const listener = tcp.listenForWorkers({
    host: worker.host,
    port: worker.port,
    tls: worker.tls === undefined ? undefined : readTls(worker.tls),
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
    connect: async (transport) => (await serving().fleet()).connect(transport),
  });
  // What an earlier server has left to do is taken up without waiting for the first worker.
  await serving().fleet();
  return listener;
}
