// Samples as Prometheus writes them to others. Format: Prometheus Remote-Write 1.0, prometheus/prompb remote.proto and types.proto.
import { bytesOf, doubleOf, eachField, numberOf, textOf } from "../../kernel/protobuf.ts";
import type { MetricAbout, MetricPoint } from "../sample.ts";
import { unreadableBody } from "./readings.ts";
import type { Readings } from "./readings.ts";

const kinds: readonly MetricAbout["kind"][] = ["unknown", "counter", "gauge", "histogram", "unknown", "summary"];
/** The one that says that a series has ended, among the many that are no number. */
const staleBits = 0x7ff0000000000002n;

/** Reads a request that was unpacked. Throws `invalid_input` for bytes that are none. */
export function readRemoteWrite(readings: Readings, bytes: Uint8Array): void {
  try {
    eachField(bytes, (field, value) => {
      if (field === 1) readSeries(readings, bytesOf(value));
      else if (field === 3) readAbout(readings, bytesOf(value));
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unreadableBody(`The body is no remote write: ${error.message}.`);
  }
}

function readSeries(readings: Readings, bytes: Uint8Array): void {
  const labels: [string, string][] = [];
  const points: MetricPoint[] = [];
  let histograms = 0;
  eachField(bytes, (field, value) => {
    if (field === 1) labels.push(labelOf(bytesOf(value)));
    else if (field === 2) points.push(pointOf(bytesOf(value)));
    else if (field === 4) histograms++;
  });
  readings.add(Object.fromEntries(labels), points);
  if (histograms > 0) readings.reject(histograms, "Native histograms are not taken.");
}

function labelOf(bytes: Uint8Array): [string, string] {
  let [name, text] = ["", ""];
  eachField(bytes, (field, value) => {
    if (field === 1) name = textOf(value);
    else if (field === 2) text = textOf(value);
  });
  return [name, text];
}

function pointOf(bytes: Uint8Array): MetricPoint {
  let value: number | "stale" = 0;
  let timeMs = 0;
  eachField(bytes, (field, held) => {
    if (field === 1) value = isStale(bytesOf(held)) ? "stale" : doubleOf(held);
    else if (field === 2) timeMs = numberOf(held);
  });
  return { timeMs, value };
}

function isStale(bytes: Uint8Array): boolean {
  return bytes.length === 8 && new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) === staleBits;
}

function readAbout(readings: Readings, bytes: Uint8Array): void {
  let [name, help, unit] = ["", "", ""];
  let kind: MetricAbout["kind"] = "unknown";
  eachField(bytes, (field, value) => {
    if (field === 1) kind = kinds[numberOf(value)] ?? "unknown";
    else if (field === 2) name = textOf(value);
    else if (field === 4) help = textOf(value);
    else if (field === 5) unit = textOf(value);
  });
  if (name !== "") readings.describe({ name, kind, help, unit });
}
