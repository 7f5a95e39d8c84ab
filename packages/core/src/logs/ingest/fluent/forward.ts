// Events of Fluentd and Fluent Bit, in MessagePack: a message is one event, a list of them, or a list as bytes, packed or not.
// Format: fluentd, "Forward Protocol Specification v1".
import { gunzipSync } from "node:zlib";
import { decodeMulti, decodeMultiStream, encode, ExtensionCodec } from "@msgpack/msgpack";
import type { Collector } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { addObject, isObject, usualLabels } from "../objects.ts";
import type { Json, ObjectForm } from "../objects.ts";
import type { Moment } from "../values.ts";

const form: ObjectForm = {
  times: [],
  lines: ["message", "log", "msg", "line"],
  labels: { ...usualLabels, container_name: "container" },
};
const eventTimeType = 0;

/** A moment with nanoseconds, as the protocol has it. */
class EventTime {
  readonly seconds: number;
  readonly nanos: number;

  constructor(seconds: number, nanos: number) {
    this.seconds = seconds;
    this.nanos = nanos;
  }
}

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: eventTimeType,
  encode: () => null,
  decode: (data) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    return data.byteLength === 8 ? new EventTime(view.getUint32(0), view.getUint32(4)) : undefined;
  },
});

/** Whoever counts and limits bytes hands them in here; throws what `pieces` throws, and a `RangeError` for what is no MessagePack. */
export function fluentMessages(pieces: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator {
  return decodeMultiStream(pieces, {
    extensionCodec,
    maxStrLength: bytesMax,
    maxBinLength: bytesMax,
    maxArrayLength: bytesMax,
    maxMapLength: bytesMax,
    maxExtLength: bytesMax,
  });
}

/** The name under which a message is to be acknowledged, if it asks for that. */
export function fluentChunk(message: unknown): string | undefined {
  const option = Array.isArray(message) ? (message as unknown[])[isList(message[1]) ? 2 : 3] : undefined;
  const chunk = isObject(option) ? option["chunk"] : undefined;
  return typeof chunk === "string"
    ? chunk
    : chunk instanceof Uint8Array
      ? Buffer.from(chunk).toString("latin1")
      : undefined;
}

/** The acknowledgement of a message. */
export function fluentAck(chunk: string): Uint8Array {
  return encode({ ack: chunk });
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || value instanceof Uint8Array || typeof value === "string";
}

/** Adds the events of a message. Throws a `RefusedRequest` for what is none. */
export function readForward(
  collector: Collector,
  p: { readonly message: unknown; readonly now: Moment; readonly bytesMax: number },
): void {
  const { message, now } = p;
  if (!Array.isArray(message)) throw refused();
  const [tag, second, third] = message as unknown[];
  if (typeof tag !== "string") throw refused();
  const labels = { tag };
  const add = (time: unknown, record: unknown): void => {
    if (isObject(record)) addObject(collector, plain(record), { form, now: momentIn(time, now), labels });
    else collector.reject("not_an_entry");
  };
  if (Array.isArray(second)) {
    for (const event of second as unknown[]) {
      if (!Array.isArray(event)) throw refused();
      add(event[0], event[1]);
    }
    return;
  }
  if (second instanceof Uint8Array || typeof second === "string") {
    const packed = typeof second === "string" ? Buffer.from(second, "latin1") : second;
    const bytes = isObject(third) && third["compressed"] === "gzip" ? unpacked(packed, p.bytesMax) : packed;
    for (const event of eventsIn(bytes)) {
      if (!Array.isArray(event)) throw refused();
      add(event[0], event[1]);
    }
    return;
  }
  add(second, third);
}

function* eventsIn(bytes: Uint8Array): Generator {
  try {
    yield* decodeMulti(bytes, { extensionCodec });
  } catch (error) {
    if (error instanceof RefusedRequest) throw error;
    throw refused();
  }
}

function unpacked(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: bytesMax });
  } catch {
    throw refused();
  }
}

function refused(): RefusedRequest {
  return new RefusedRequest("invalid_input", "That is no message of Fluent's forward protocol.");
}

function momentIn(time: unknown, now: Moment): Moment {
  if (time instanceof EventTime) {
    return { timeMs: time.seconds * 1_000 + Math.floor(time.nanos / 1e6), subNs: time.nanos % 1e6 };
  }
  // Fluent Bit 2 has the time in front of a map of its own.
  if (Array.isArray(time)) return momentIn(time[0], now);
  return typeof time === "number" && time > 0 ? { timeMs: Math.floor(time * 1_000), subNs: 0 } : now;
}

/** Bytes in records are texts that somebody did not mark as such. */
function plain(record: Json): Json {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString() : isObject(value) ? plain(value) : value,
    ]),
  );
}
