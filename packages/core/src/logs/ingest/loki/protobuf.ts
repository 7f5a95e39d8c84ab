// What Loki's shippers push as protobuf. Format: grafana/loki, pkg/push/push.proto (PushRequest, StreamAdapter, EntryAdapter).
import type { FieldValue } from "../../entry.ts";
import { RefusedRequest } from "../collector.ts";
import type { Collector } from "../collector.ts";
import { bytesOf, eachField, textOf } from "../../../kernel/protobuf.ts";
import { emptyFields } from "../values.ts";
import { lokiLabels } from "./labels.ts";

/** `bytes` are unpacked. Throws a `RefusedRequest` for what is no push. */
export function readLokiProtobuf(collector: Collector, bytes: Uint8Array): void {
  try {
    eachField(bytes, (field, value) => {
      if (field === 1) readStream(collector, bytesOf(value));
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RefusedRequest("invalid_input", `The body is no push of Loki's: ${error.message}.`);
  }
}

function readStream(collector: Collector, bytes: Uint8Array): void {
  let text = "{}";
  const entries: Uint8Array[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) text = textOf(value);
    else if (field === 2) entries.push(bytesOf(value));
  });
  const labels = lokiLabels(text);
  const stream = collector.stream(labels);
  for (const each of entries) collector.add(stream, labels, entryOf(each));
}

function entryOf(bytes: Uint8Array): Parameters<Collector["add"]>[2] {
  let [seconds, nanos, line] = [0, 0, ""];
  const fields = emptyFields();
  eachField(bytes, (field, value) => {
    if (field === 1) {
      eachField(bytesOf(value), (part, number) => {
        if (part === 1 && typeof number === "number") seconds = number;
        else if (part === 2 && typeof number === "number") nanos = number;
      });
    } else if (field === 2) line = textOf(value);
    else if (field === 3) addField(fields, bytesOf(value));
  });
  return { timeMs: seconds * 1_000 + Math.floor(nanos / 1e6), subNs: nanos % 1e6, line, fields };
}

function addField(fields: Record<string, FieldValue>, bytes: Uint8Array): void {
  let [name, text] = ["", ""];
  eachField(bytes, (field, value) => {
    if (field === 1) name = textOf(value);
    else if (field === 2) text = textOf(value);
  });
  fields[name] = text;
}
