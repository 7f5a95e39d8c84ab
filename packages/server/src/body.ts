// Reads the bodies of requests: size, encoding, depth and form are checked before anything else sees them.
import { decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";
import { parametersOf, refuse } from "./fields.ts";

export interface BodyLimits {
  readonly bodyBytesMax: number;
  readonly jsonDepthMax: number;
}

/** A body as an object. In the value format its `valueFields` hold encoded values, which were looked at but stay as they are. */
export interface ReadBody {
  readonly content: unknown;
  readonly format: "json" | "value";
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a body, refused as soon as they are too many. */
export async function bytesOf(request: Request, limits: Pick<BodyLimits, "bodyBytesMax">): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    if (Number(announced) > limits.bodyBytesMax) throw tooLarge(limits);
    const bytes = new Uint8Array(await request.arrayBuffer().catch(cutOff));
    if (bytes.length > limits.bodyBytesMax) throw tooLarge(limits);
    return bytes;
  }
  if (request.body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(cutOff);
    if (done) break;
    length += value.length;
    if (length > limits.bodyBytesMax) {
      await reader.cancel();
      throw tooLarge(limits);
    }
    pieces.push(value);
  }
  return pieces.length === 1 ? (pieces[0] ?? new Uint8Array(0)) : joined(pieces, length);
}

/** Whoever sent it hung up: that is no failure of the server's. */
function cutOff(error: unknown): never {
  const why = error instanceof Error && error.message !== "" ? `: ${error.message}` : ".";
  throw new SluiceError({ code: "bad_request", message: `The body did not arrive${why}`, hint: "Send it again." });
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function tooLarge({ bodyBytesMax }: Pick<BodyLimits, "bodyBytesMax">): SluiceError {
  return new SluiceError({
    code: "payload_too_large",
    message: `The body is longer than ${bodyBytesMax} bytes (bodyBytesMax).`,
    hint: "Raise the setting limits.bodyBytesMax, or keep large data elsewhere and pass a reference.",
  });
}

function textOfBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return refuse("invalid_json", "The body is not UTF-8.", "Send text encoded as UTF-8.");
  }
}

/** In every number that no double holds: an exponent of three digits, or so many digits that one of two is enough. */
const nonFinite = /[eE]\+?\d{3}|\d{200}/;

/** Parses JSON of bounded depth in which every number fits a double. */
function parseJson(text: string, limits: BodyLimits): unknown {
  if (text.length > limits.jsonDepthMax) checkDepth(text, limits.jsonDepthMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const said = error instanceof Error ? error.message.slice(0, 200) : "";
    return refuse("invalid_json", `The body is not JSON: ${said}`, "Send one JSON value, encoded as UTF-8.");
  }
  if (nonFinite.test(text) && !isFinite(value)) {
    return refuse("invalid_json", "The body has a number that is too large.", "Send large numbers as text.");
  }
  return value;
}

/** Counts brackets outside strings, without recursion: what is measured may be meant to exhaust the stack. */
function checkDepth(text: string, depthMax: number): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > depthMax) {
        refuse("invalid_json", `The body nests deeper than ${depthMax} levels (jsonDepthMax).`, "Send flatter data.");
      }
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}

function isFinite(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isFinite);
}

function mediaTypeOf(request: Request): string {
  return mediaTypeIn(request.headers.get("content-type"));
}

function mediaTypeIn(type: string | null): string {
  if (type === null) return "";
  const end = type.indexOf(";");
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
}

function isJson(type: string): boolean {
  return type === "application/json" || (type.startsWith("application/") && type.endsWith("+json"));
}

/**
 * Reads the body of an API call. An empty one is an empty object. Throws `invalid_json`, `value_bad_encoding`,
 * `unsupported_media_type` or `payload_too_large`.
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<ReadBody> {
  const type = mediaTypeOf(request);
  if (type === valueMediaType) {
    const bytes = await bytesOf(request, limits);
    return { content: bytes.length === 0 ? {} : decoded(bytes, "The body"), format: "value" };
  }
  if (isJson(type)) {
    const bytes = await bytesOf(request, limits);
    return { content: bytes.length === 0 ? {} : parseJson(textOfBytes(bytes), limits), format: "json" };
  }
  // Without a type only an empty body is clear; browsers send text/plain across origins without asking first.
  if (type === "" && (await bytesOf(request, limits)).length === 0) return { content: {}, format: "json" };
  return refuse(
    "unsupported_media_type",
    type === "" ? "The body has no content type." : `Bodies of type ${type.slice(0, 100)} are not read here.`,
    `Send content-type: application/json, or ${valueMediaType}.`,
  );
}

/**
 * A field that holds a workflow value, encoded. From the value format it is passed through, after a look whether it is one:
 * foreign bytes never reach a journal.
 */
export function valueField({ content, format }: ReadBody, key: string): Uint8Array {
  const value = (content as Readonly<Record<string, unknown>>)[key];
  if (format === "json" || value === undefined) return encodeValue(value);
  if (!(value instanceof Uint8Array)) {
    return refuse(
      "value_bad_encoding",
      `${key} is not an encoded value.`,
      "In this media type, values are bytes of the value format.",
    );
  }
  decoded(value, key);
  return value;
}

function decoded(bytes: Uint8Array, what: string): unknown {
  try {
    return decodeValue(bytes);
  } catch (error) {
    const said = error instanceof Error ? error.message.slice(0, 200) : "";
    return refuse(
      "value_bad_encoding",
      `${what} is not in the value format: ${said}`,
      "Encode it with encodeValue, or send JSON.",
    );
  }
}

/**
 * A whole body as a workflow value, encoded: JSON, text, a form (an object, a list for a name that occurs again), the value
 * format, or nothing (`undefined`). Gives the raw bytes too, for signatures.
 */
export async function readPayload(
  request: Request,
  limits: BodyLimits,
): Promise<{ readonly raw: Uint8Array; readonly value: () => Uint8Array }> {
  const sent = await bytesOf(request, limits);
  const coding = request.headers.get("content-encoding");
  // Libraries that decompress are loaded by the first body that is compressed: they stay in memory, 2 MB of it.
  const raw = isPlain(coding)
    ? sent
    : await (await import("./hooks/content-encoding.ts")).decompressed(sent, coding, limits);
  return { raw, value: () => payloadValue(raw, request.headers.get("content-type"), limits) };
}

function isPlain(coding: string | null): boolean {
  return coding === null || ["", "identity"].includes(coding.trim().toLowerCase());
}

/** Bytes of this content type as an encoded value. Throws as `readPayload` does. */
export function payloadValue(raw: Uint8Array, contentType: string | null, limits: BodyLimits): Uint8Array {
  return payloadOf(raw, mediaTypeIn(contentType), limits);
}

function payloadOf(raw: Uint8Array, type: string, limits: BodyLimits): Uint8Array {
  if (raw.length === 0) return encodeValue(undefined);
  if (type === valueMediaType) {
    decoded(raw, "The body");
    return raw;
  }
  if (isJson(type) || type === "") return encodeValue(parseJson(textOfBytes(raw), limits));
  if (type === "application/x-www-form-urlencoded") {
    return encodeValue(objectOf(parametersOf(textOfBytes(raw), "invalid_json")));
  }
  if (type.startsWith("text/")) return encodeValue(textOfBytes(raw));
  if (type === "application/octet-stream") return encodeValue(raw);
  return refuse(
    "unsupported_media_type",
    `Bodies of type ${type.slice(0, 100)} are not read here.`,
    "Send JSON, text, a URL-encoded form, or bytes as application/octet-stream.",
  );
}

/** Form fields and query parameters as an object. */
export function objectOf(parameters: URLSearchParams): Record<string, string | string[]> {
  const entries = new Map<string, string | string[]>();
  for (const [key, value] of parameters) {
    const before = entries.get(key);
    if (before === undefined) entries.set(key, value);
    else if (typeof before === "string") entries.set(key, [before, value]);
    else before.push(value);
  }
  return Object.fromEntries(entries);
}
