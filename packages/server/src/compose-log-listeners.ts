// Where senders of logs come to that speak no HTTP: opened only where it was asked for. What serves may change under it.
import { logLimits, systemClock } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { ComposeOptions } from "./compose-parts.ts";
import type { Serving } from "./compose-serving.ts";
import type { LogListener } from "./config-logs.ts";
import { listenFor } from "./logs/listeners/formats.ts";
import type { LogFormat } from "./logs/listeners/formats.ts";
import { Intake } from "./logs/listeners/intake.ts";

export interface LogListeners {
  readonly addresses: readonly { readonly format: LogFormat; readonly address: string }[];
  /** Nothing is read any more; what has come is written. */
  stop(): Promise<void>;
}

/** Throws `unavailable` when it cannot listen on one of the addresses; none stays open then. */
export async function listenForLogs(
  { settings, log }: Pick<ComposeOptions, "settings" | "log">,
  serving: () => Pick<Serving, "logs">,
): Promise<LogListeners> {
  const limits = { ...logLimits, ...settings.limits };
  const closing: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(closing.splice(0).map((close) => close()));
  };
  const addresses: { readonly format: LogFormat; readonly address: string }[] = [];
  for (const format of ["syslog", "gelf", "fluent"] as const) {
    for (const at of settings.logs[format]) {
      const intake = new Intake({ desk: () => serving().logs(), tenant: at.tenant, clock: systemClock, log });
      const opened = await listenFor(format, at, { intake, limits, log }).catch(async (error: unknown) => {
        await stop();
        throw cannotListen(format, at, error);
      });
      closing.push(async () => {
        const closed = opened.stop();
        await intake.stop();
        await closed;
      });
      addresses.push({ format, address: `${at.protocol}://${hostOf(at)}:${opened.port}` });
    }
  }
  return { addresses, stop };
}

function hostOf({ host }: LogListener): string {
  return host.includes(":") ? `[${host}]` : host;
}

function cannotListen(format: LogFormat, at: LogListener, error: unknown): SluiceError {
  const said = error instanceof Error ? error.message : String(error);
  return new SluiceError({
    code: "unavailable",
    message: `${format} cannot be listened for on ${at.protocol}://${hostOf(at)}:${at.port}: ${said}`,
    hint: `Choose another address with --${format}; port 0 takes any that is free.`,
  });
}
