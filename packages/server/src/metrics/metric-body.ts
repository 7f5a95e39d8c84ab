// Bodies of requests that carry metrics.
import type { MetricLimits } from "@sluice/core";
import { Readings } from "@sluice/core/metrics";
import type { MetricStore } from "@sluice/core/metrics";
import { SluiceError } from "@sluice/protocol";
import { bytesOf } from "../body.ts";
import type { Call } from "../call.ts";
import { decompressed } from "../hooks/content-encoding.ts";

export async function metricStoreOf(call: Call): Promise<MetricStore> {
  const { figures } = call.parts;
  if (figures !== undefined) return figures.open();
  throw new SluiceError({ code: "unavailable", message: "This server keeps no metrics." });
}

/** The body, unpacked; Snappy is for whoever reads what is in it. */
async function metricBytes(call: Call, { metricBodyBytesMax }: MetricLimits): Promise<Uint8Array> {
  const { limits, budget } = call.parts;
  const bytes = await bytesOf(call.request, { bodyBytesMax: Math.min(metricBodyBytesMax, limits.bodyBytesMax) });
  const coding = call.request.headers.get("content-encoding");
  if (["", "identity", "snappy"].includes(coding?.trim().toLowerCase() ?? "")) return bytes;
  const whole = await decompressed(bytes, coding, { bodyBytesMax: metricBodyBytesMax, budget });
  budget.give(whole.length);
  return whole;
}

/** Reads with a format, and writes what was found. */
export async function takeSamples(
  call: Call,
  read: (into: Readings, bytes: Uint8Array, limits: MetricLimits) => void,
): Promise<Readings> {
  const store = await metricStoreOf(call);
  const { limits } = store;
  const bytes = await metricBytes(call, limits);
  const readings = new Readings(limits);
  read(readings, bytes, limits);
  await store.write(readings);
  return readings;
}

/** How long a query took, for reports. Where nobody can keep it, nothing is lost but that. */
export async function noteQuery(call: Call, kind: string, startedMs: number): Promise<void> {
  const tookMs = performance.now() - startedMs;
  try {
    (await call.parts.figures?.open())?.recorder.recordMetric("query_duration", tookMs, { kind });
  } catch (error) {
    call.parts.log("warn", "how long a query took could not be recorded", { error: String(error) });
  }
}
