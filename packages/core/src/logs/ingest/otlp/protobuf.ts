// Logs of OpenTelemetry as protobuf. Format: opentelemetry-proto, logs/v1/logs.proto, common/v1/common.proto.
import type { Collector } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { bytesOf, doubleOf, eachField, fixedOf, numberOf, textOf } from "../../../kernel/protobuf.ts";
import { protobufMessage } from "../protobuf.ts";
import { emptyFields } from "../values.ts";
import type { Moment } from "../values.ts";
import { addRecord, otlpScope } from "./records.ts";

/** Throws a `RefusedRequest` for what is no export. */
export function readOtlpProtobuf(collector: Collector, p: { readonly bytes: Uint8Array; readonly now: Moment }): void {
  readingOtlp(() =>
    eachField(p.bytes, (field, value) => {
      if (field === 1) readResource(collector, bytesOf(value), p.now);
    }),
  );
}

/** Throws a `RefusedRequest` where bytes cannot be read. */
function readingOtlp(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RefusedRequest("invalid_input", `The body is no export of OpenTelemetry's: ${error.message}.`);
  }
}

function readResource(collector: Collector, bytes: Uint8Array, now: Moment): void {
  let resource: Record<string, unknown> = {};
  const scopes: Uint8Array[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) resource = otlpAttributes(bytesOf(value), 1);
    else if (field === 2) scopes.push(bytesOf(value));
  });
  for (const each of scopes) readScope(collector, each, { resource, now });
}

function readScope(
  collector: Collector,
  bytes: Uint8Array,
  p: { readonly resource: Readonly<Record<string, unknown>>; readonly now: Moment },
): void {
  let [name, version] = ["", ""];
  const records: Uint8Array[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) {
      eachField(bytesOf(value), (part, held) => {
        if (part === 1) name = textOf(held);
        else if (part === 2) version = textOf(held);
      });
    } else if (field === 2) records.push(bytesOf(value));
  });
  const scope = otlpScope(collector, p.resource, { name, version });
  for (const each of records) addRecord(collector, scope, { ...recordOf(each), now: p.now });
}

function recordOf(bytes: Uint8Array): Omit<Parameters<typeof addRecord>[2], "now"> {
  let [time, observed, severityText, traceId, spanId] = ["0", "0", "", "", ""];
  let severityNumber = 0;
  let body: unknown;
  eachField(bytes, (field, value) => {
    if (field === 1) time = fixedOf(value);
    else if (field === 11) observed = fixedOf(value);
    else if (field === 2) severityNumber = numberOf(value);
    else if (field === 3) severityText = textOf(value);
    else if (field === 5) body = otlpValue(bytesOf(value));
    else if (field === 9) traceId = hexOf(value);
    else if (field === 10) spanId = hexOf(value);
  });
  return { time, observed, severityNumber, severityText, body, attributes: otlpAttributes(bytes, 6), traceId, spanId };
}

function hexOf(value: Uint8Array | number): string {
  return Buffer.from(bytesOf(value)).toString("hex");
}

/** The pairs that stand in field `at` of a message. */
export function otlpAttributes(bytes: Uint8Array, at: number, depth = 0): Record<string, unknown> {
  const found: Record<string, unknown> = emptyFields();
  eachField(bytes, (field, pair) => {
    if (field !== at) return;
    let key = "";
    let held: unknown;
    eachField(bytesOf(pair), (part, value) => {
      if (part === 1) key = textOf(value);
      else if (part === 2) held = otlpValue(bytesOf(value), depth);
    });
    found[key] = held;
  });
  return found;
}

/** Values nest: deeper ones than this are refused, not followed. */
const depthMax = 50;

/** What an `AnyValue` holds; undefined for one that is empty. */
function otlpValue(bytes: Uint8Array, depth = 0): unknown {
  if (depth > depthMax) throw new RangeError("a value nests too deep");
  let held: unknown;
  eachField(bytes, (field, value) => {
    if (field === 1) held = textOf(value);
    else if (field === 2) held = numberOf(value) !== 0;
    else if (field === 3) held = numberOf(value);
    else if (field === 4) held = doubleOf(value);
    else if (field === 5) held = listOf(bytesOf(value), depth);
    else if (field === 6) held = otlpAttributes(bytesOf(value), 1, depth + 1);
    else if (field === 7) held = Buffer.from(bytesOf(value)).toString("base64");
  });
  return held;
}

function listOf(bytes: Uint8Array, depth: number): unknown[] {
  const list: unknown[] = [];
  eachField(bytes, (field, value) => void (field === 1 && list.push(otlpValue(bytesOf(value), depth + 1))));
  return list;
}

/** The answer to an export: empty, or how many of its records were not taken and why. */
export function otlpAnswer(rejected: number, message: string): Uint8Array<ArrayBuffer> {
  return protobufMessage(rejected === 0 ? {} : { 1: protobufMessage({ 1: rejected, 2: message }) });
}

/** A failure as `google.rpc.Status`. */
export function otlpStatus(code: number, message: string): Uint8Array<ArrayBuffer> {
  return protobufMessage({ 1: code, 2: message });
}
