// Where workers on other machines connect over TCP: opened only where a port was asked for. What serves may change under it.
import { systemClock } from "@sluice/core";
import type { ComposeOptions } from "./compose-parts.ts";
import type { Serving } from "./compose-serving.ts";
import { followTls, readTls } from "./compose-tls.ts";
import { httpLimits } from "./limits.ts";
import { listenForWorkers as listen } from "./workers/tcp-listener.ts";

export interface WorkerListener {
  /** The one it listens on. */
  readonly port: number;
  stop(): void;
}

/** Throws `unavailable` when it cannot listen, `invalid_config` for a bad certificate. */
export async function listenForWorkers(
  { settings, log }: Pick<ComposeOptions, "settings" | "log">,
  worker: NonNullable<ComposeOptions["settings"]["worker"]>,
  serving: () => Pick<Serving, "fleet">,
): Promise<WorkerListener> {
  const { host, tls: files } = worker;
  const open = (port: number, tls: ReturnType<typeof readTls> | undefined): WorkerListener =>
    listen({
      host,
      port,
      tls,
      after: (delayMs, callback) => systemClock.after(delayMs, callback),
      connect: async (transport) => (await serving().fleet()).connect(transport),
    });
  let listener = open(worker.port, files === undefined ? undefined : readTls(files));
  const { port } = listener;
  const stopFollowing =
    files === undefined
      ? () => undefined
      : followTls({
          files,
          clock: systemClock,
          log,
          checkMs: settings.limits["tlsCheckMs"] ?? httpLimits.tlsCheckMs,
          changed: (pair) => {
            // Those who are connected stay so, with the certificate they have seen.
            listener.stop();
            listener = open(port, pair);
          },
        });
  // What an earlier server has left to do is taken up without waiting for the first worker.
  await serving().fleet();
  return {
    port,
    stop: () => {
      stopFollowing();
      listener.stop();
    },
  };
}
