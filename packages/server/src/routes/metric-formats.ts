// Samples as other products send them, answered as those who take them usually answer.
import { otlpAnswer } from "@sluice/core/logs";
import { readOtlpMetricsJson, readOtlpMetricsProtobuf, readRemoteWrite, unsnap } from "@sluice/core/metrics";
import type { Readings } from "@sluice/core/metrics";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { mediaType, textOfBytes } from "../logs/log-body.ts";
import { takeSamples } from "../metrics/metric-body.ts";
import { done, reply } from "../wire.ts";
import { otlpFailure, protobufType } from "./log-formats.ts";

/** The answer is in the form of the question, failures included. */
export async function pushOtlpMetrics(call: Call): Promise<Response> {
  const type = mediaType(call.request);
  try {
    call.query().done();
    if (type !== protobufType && type !== "application/json") {
      refuse(
        "unsupported_media_type",
        `Metrics of type ${quoted(type)} are not read here.`,
        `Send ${protobufType} or JSON.`,
      );
    }
    const readings = await takeSamples(call, (into, bytes) =>
      type === protobufType ? readOtlpMetricsProtobuf(into, bytes) : readOtlpMetricsJson(into, textOfBytes(bytes)),
    );
    const { rejected } = readings;
    const errorMessage = rejected === 0 ? "" : rejectedText(readings);
    if (type === protobufType) {
      const body = otlpAnswer(rejected, errorMessage);
      return new Response(body, { headers: { ...nosniff, "content-type": protobufType } });
    }
    const partialSuccess = { rejectedDataPoints: String(rejected), errorMessage };
    return reply("json", 200, rejected === 0 ? {} : { partialSuccess });
  } catch (error) {
    return otlpFailure(error, type === protobufType);
  }
}

function rejectedText({ rejected, why }: Readings): string {
  return `${rejected} values were not taken. Of the first: ${why}`;
}

/** What was not taken is said with a status that is not tried again; the rest is written. */
export async function writeProm(call: Call): Promise<Response> {
  call.query().done();
  const readings = await takeSamples(call, (into, bytes, limits) =>
    readRemoteWrite(into, unsnap(bytes, limits.metricBodyBytesMax)),
  );
  if (readings.rejected === 0) return done();
  throw new SluiceError({
    code: "invalid_input",
    message: `${rejectedText(readings)} ${readings.samples} were.`,
    hint: "Do not send them again as they are.",
  });
}
