// Traces and metrics of a program that has the engine in it: the exporter of the server, told where to by `open({ telemetry })`.
import { systemClock } from "@sluice/core";
import type { Engine, Logger, Store } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import { telemetryLimits } from "../telemetry/limits.ts";
import type { TelemetryLimits, TelemetrySettings } from "../telemetry/limits.ts";
import { rootTrace } from "../telemetry/root-trace.ts";
import { Telemetry } from "../telemetry/telemetry.ts";

export interface EmbeddedTelemetry {
  /** Base of an OTLP endpoint over HTTP: `/v1/traces` and `/v1/metrics` are below it. */
  readonly endpoint: string;
  /** Sent with every request, such as a key. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of traces that begin here, so many are exported: from 0 to 1, which is the default. */
  readonly sample?: number;
  /** `service.version`; `embedded` without it. */
  readonly version?: string;
}

export interface EmbeddedExporter {
  /** The trace of a run that is part of no other. */
  readonly trace: (run: string) => string;
  /** Listens from now on. */
  start(parts: { readonly engine: Engine; readonly store: Store; readonly log: Logger }): Telemetry;
}

/** Throws `invalid_config` for settings that make no sense. */
export function embeddedExporter(given: EmbeddedTelemetry, limits: Partial<TelemetryLimits> = {}): EmbeddedExporter {
  const settings = settingsOf(given);
  return {
    trace: rootTrace(settings.sample),
    start: ({ engine, store, log }) => {
      const exporter = new Telemetry({
        engine,
        store,
        clock: systemClock,
        log,
        settings,
        limits: { ...telemetryLimits, ...limits },
        teller: { version: given.version ?? "embedded", instance: store.instance },
      });
      exporter.start();
      return exporter;
    },
  };
}

function settingsOf({ endpoint, headers = {}, sample = 1 }: EmbeddedTelemetry): TelemetrySettings {
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw refused(`telemetry.endpoint cannot be ${JSON.stringify(endpoint)}.`, 'Such as "http://collector:4318".');
  }
  if (!(sample >= 0 && sample <= 1)) throw refused(`telemetry.sample cannot be ${sample}.`, "From 0 to 1.");
  return { endpoint: endpoint.replace(/\/+$/, ""), headers, sample };
}

function refused(message: string, hint: string): SluiceError {
  return new SluiceError({ code: "invalid_config", message, hint });
}
