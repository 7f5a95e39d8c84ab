// Log entries as shippers of other products send them, answered as those products answer.
import {
  datadogDefaults,
  otlpAnswer,
  otlpStatus,
  readClef,
  readDatadog,
  readGelf,
  readHec,
  readHecRaw,
  readOtlpJson,
  readOtlpProtobuf,
  readRawEvents,
} from "@sluice/core/logs";
import type { Collector, HecProblem } from "@sluice/core/logs";
import { httpStatusOf, SluiceError, toWire } from "@sluice/protocol";
import type { ErrorCode } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { parametersOf, quoted, refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { mediaType, takeEntries, textOfBytes } from "../logs/log-body.ts";
import { failure, reply } from "../wire.ts";

export const protobufType = "application/x-protobuf";

interface Now {
  readonly timeMs: number;
  readonly subNs: number;
}

function nowOf(call: Call): Now {
  return { timeMs: call.parts.clock.now(), subNs: 0 };
}

/** Codes of google.rpc.Status, by what went wrong. */
const statusCodes: Partial<Record<ErrorCode, number>> = {
  forbidden: 7,
  too_many_requests: 8,
  unavailable: 14,
  disk_full: 14,
  draining: 14,
  store_failed: 14,
};
const invalidArgument = 3;
const internal = 13;

function protobuf(
  status: number,
  body: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, { status, headers: { ...nosniff, ...headers, "content-type": protobufType } });
}

/** The answer is in the form of the question, failures included. */
export async function pushOtlpLogs(call: Call): Promise<Response> {
  const type = mediaType(call.request);
  try {
    call.query().done();
    if (type !== protobufType && type !== "application/json") {
      refuse(
        "unsupported_media_type",
        `Logs of type ${quoted(type)} are not read here.`,
        `Send ${protobufType} or JSON.`,
      );
    }
    const now = nowOf(call);
    const { collector } = await takeEntries(call, (into, bytes) =>
      type === protobufType
        ? readOtlpProtobuf(into, { bytes, now })
        : readOtlpJson(into, { text: textOfBytes(bytes), now }),
    );
    const { rejections } = collector;
    const errorMessage = rejections === 0 ? "" : rejectedText(collector);
    if (type === protobufType) return protobuf(200, otlpAnswer(rejections, errorMessage));
    const partialSuccess = { rejectedLogRecords: String(rejections), errorMessage };
    return reply("json", 200, rejections === 0 ? {} : { partialSuccess });
  } catch (error) {
    return otlpFailure(error, type === protobufType);
  }
}

export function otlpFailure(error: unknown, inProtobuf: boolean): Response {
  const wire = toWire(error);
  // Whatever nobody expected, and refusals that are audited, have their own place.
  if (wire.code === "internal" || wire.code === "forbidden") throw error;
  const status = httpStatusOf(wire.code);
  const code = statusCodes[wire.code] ?? (status < 500 ? invalidArgument : internal);
  const { headers } = failure(wire);
  const later = headers.get("retry-after");
  const more = later === null ? {} : { "retry-after": later };
  if (inProtobuf) return protobuf(status, otlpStatus(code, wire.message), more);
  const answer = reply("json", status, { code, message: wire.message });
  if (later !== null) answer.headers.set("retry-after", later);
  return answer;
}

function rejectedText({ rejected, rejections }: Collector): string {
  const [first] = rejected;
  return `${rejections} entries were not taken, the first of them (${first?.index ?? 0}) because of ${first?.code ?? ""}.`;
}

/** Throws `invalid_input` where entries were not taken; the others are there, and are not to be sent again. */
function refuseRejected(collector: Collector): void {
  if (collector.rejections === 0) return;
  throw new SluiceError({
    code: "invalid_input",
    message: `${rejectedText(collector)} ${collector.accepted} were.`,
    hint: "Do not send them again as they are.",
  });
}

/** All parameters of a URL, the last of a name. */
function parametersIn(call: Call): Record<string, string> {
  return Object.fromEntries(parametersOf(call.queryText, "invalid_filter"));
}

export async function pushDatadogLogs(call: Call): Promise<Response> {
  const given = parametersIn(call);
  const defaults = Object.fromEntries(datadogDefaults.flatMap((name) => (name in given ? [[name, given[name]]] : [])));
  const now = nowOf(call);
  const { collector } = await takeEntries(call, (into, bytes) =>
    readDatadog(into, { text: textOfBytes(bytes), defaults, now }),
  );
  refuseRejected(collector);
  return reply("json", 202, {});
}

export async function pushSplunkEvents(call: Call): Promise<Response> {
  const now = nowOf(call);
  const { read } = await takeEntries(call, (into, bytes) => readHec(into, { text: textOfBytes(bytes), now }));
  return splunkAnswer(read);
}

export const pushSplunkEventsTyped = (call: Call): Promise<Response> => pushSplunkEvents(call);

export async function pushSplunkRaw(call: Call): Promise<Response> {
  const [about, now] = [parametersIn(call), nowOf(call)];
  const { read } = await takeEntries(call, (into, bytes) => readHecRaw(into, { text: textOfBytes(bytes), about, now }));
  return splunkAnswer(read);
}

function splunkAnswer(problem: HecProblem | undefined): Response {
  return problem === undefined ? reply("json", 200, { text: "Success", code: 0 }) : reply("json", 400, problem);
}

export function splunkHealth(call: Call): Response {
  call.query();
  return reply("json", 200, { text: "HEC is healthy", code: 17 });
}

export async function pushGelf(call: Call): Promise<Response> {
  const now = nowOf(call);
  const { collector } = await takeEntries(call, (into, bytes) => {
    // One message, or several with an end of line between them.
    for (const text of textOfBytes(bytes).split(/\n(?=\s*\{)/)) readGelf(into, { text, now });
  });
  refuseRejected(collector);
  return new Response(null, { status: 202, headers: nosniff });
}

/** Without the type of the newer format a body is read as the older one where it looks like that. */
export async function pushClef(call: Call): Promise<Response> {
  const isClef = mediaType(call.request) === "application/vnd.serilog.clef" || "clef" in parametersIn(call);
  const now = nowOf(call);
  const { collector } = await takeEntries(call, (into, bytes) => {
    const text = textOfBytes(bytes);
    if (isClef || !/^\s*\{\s*"Events"\s*:/.test(text)) readClef(into, { text, now });
    else readRawEvents(into, { text, now });
  });
  refuseRejected(collector);
  return reply("json", 201, { MinimumLevelAccepted: null });
}
