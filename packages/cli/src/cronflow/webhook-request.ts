// Requests of any server, brought into one shape.
import type { FlowRequest } from "@sluice/sdk";

export interface RawRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly params?: Readonly<Record<string, string>>;
  /** The body as it came; where a framework has eaten it, `body` has what is left. */
  readonly raw?: Uint8Array | undefined;
  /** The body as a framework has parsed it. */
  readonly body?: unknown;
}

/** A body that is no JSON though it should be. */
export class BadBody extends Error {}

/** Brings a request into the shape that handlers see. Throws `BadBody`. */
export function webhookRequest({ method, url, headers: given, params = {}, raw, body }: RawRequest): FlowRequest {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const headers = flat(given);
  const query = Object.fromEntries(searchParams);
  const rawBody = raw ?? rawOf(body);
  const parsed = body === undefined ? parse(rawBody, headers["content-type"] ?? "") : body;
  // A GET has no body: what it says is in its query.
  const payload = parsed === undefined || (rawBody.length === 0 && isEmpty(parsed)) ? query : parsed;
  return { method: method.toUpperCase(), path: pathname, headers, query, params, body: payload, rawBody };
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function flat(headers: RawRequest["headers"]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = Array.isArray(value) ? value.join(", ") : value;
    if (typeof text === "string") found[name.toLowerCase()] = text;
  }
  return found;
}

/** The bytes of a body that only its parsed form is left of; those of text and buffers are the ones that came. */
function rawOf(body: unknown): Uint8Array {
  if (body === undefined || body === null || isEmpty(body)) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

function parse(raw: Uint8Array, type: string): unknown {
  if (raw.length === 0) return undefined;
  const text = new TextDecoder().decode(raw);
  if (type.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(text));
  if (type.startsWith("text/")) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BadBody(`The body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
