// Parameters of Loki's read API, from the address or from a form in the body.
import { SluiceError } from "@sluice/protocol";
import { bytesOf } from "../body.ts";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";

const formBytesMax = 1_048_576;
const hourNs = 3_600_000_000_000n;
const pointsUsual = 250;

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
  d: 8.64e7,
  w: 6.048e8,
  y: 3.1536e10,
};

export class LokiParameters {
  readonly #found: URLSearchParams;
  readonly #nowNs: bigint;

  private constructor(found: URLSearchParams, nowMs: number) {
    this.#found = found;
    this.#nowNs = BigInt(nowMs) * 1_000_000n;
  }

  /** What Loki does not know it does not mind. */
  static async of(call: Call): Promise<LokiParameters> {
    const found = new URLSearchParams(new URL(call.request.url).search);
    if (call.request.method === "POST") {
      const bytes = await bytesOf(call.request, {
        bodyBytesMax: Math.min(formBytesMax, call.parts.limits.bodyBytesMax),
      });
      for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) found.append(name, value);
    }
    return new LokiParameters(found, call.parts.clock.now());
  }

  text(name: string): string | undefined {
    const value = this.#found.get(name);
    return value === null || value === "" ? undefined : value;
  }

  all(...names: readonly string[]): readonly string[] {
    return names.flatMap((name) => this.#found.getAll(name)).filter((value) => value !== "");
  }

  query(): string {
    return this.text("query") ?? refuse("bad_request", "The parameter query is missing.", "An expression in LogQL.");
  }

  limit(usual: number, max: number): number {
    const text = this.text("limit");
    if (text === undefined) return usual;
    const limit = Number(text);
    if (!Number.isSafeInteger(limit) || limit <= 0)
      refuse("bad_request", "limit must be a positive value", "A whole number from 1 on.");
    if (limit <= max) return limit;
    throw new SluiceError({
      code: "bad_request",
      message: `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${max})`,
      hint: "The setting limits.logQueryRowsMax raises it.",
    });
  }

  direction(): "backward" | "forward" {
    const text = (this.text("direction") ?? "backward").toLowerCase();
    if (text === "backward" || text === "forward") return text;
    return refuse("bad_request", `${quoted(text)} is no direction.`, "backward or forward.");
  }

  moment(name: string): bigint | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return (
      momentIn(text) ??
      refuse(
        "bad_request",
        `${name} is no time: ${quoted(text)}`,
        "Nanoseconds since 1970, seconds with a fraction, or RFC 3339.",
      )
    );
  }

  /** The moment of an instant query. */
  time(): bigint {
    return this.moment("time") ?? this.#nowNs;
  }

  /** An hour up to now, where nothing is said. */
  span(): { readonly fromNs: bigint; readonly toNs: bigint } {
    const toNs = this.moment("end") ?? this.#nowNs;
    const since = this.text("since");
    const sinceMs = since === undefined ? undefined : durationIn(since);
    if (since !== undefined && sinceMs === undefined)
      refuse("bad_request", `since is no duration: ${quoted(since)}`, "Such as 15m.");
    const fromNs = this.moment("start") ?? toNs - (sinceMs === undefined ? hourNs : BigInt(Math.round(sinceMs * 1e6)));
    if (fromNs > toNs)
      refuse("bad_request", "end timestamp must not be before or equal to start time", "Exchange them.");
    return { fromNs, toNs };
  }

  /** Milliseconds; 250 values over the span, where nothing is said. */
  step({ fromNs, toNs }: { readonly fromNs: bigint; readonly toNs: bigint }): number {
    const text = this.text("step");
    if (text === undefined) return Math.max(1, Math.floor(Number(toNs - fromNs) / 1e9 / pointsUsual)) * 1_000;
    const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : durationIn(text);
    if (ms === undefined || !(ms > 0))
      refuse(
        "bad_request",
        "zero or negative query resolution step widths are not accepted. Try a positive integer",
        "Seconds, or a duration such as 30s.",
      );
    return ms;
  }
}

/** Nanoseconds of whole numbers with more than ten digits, seconds of others, or a time as RFC 3339 writes it. */
function momentIn(text: string): bigint | undefined {
  if (/^-?\d+$/.test(text)) return text.replace("-", "").length <= 10 ? BigInt(text) * 1_000_000_000n : BigInt(text);
  const decimal = /^(\d+)\.(\d{1,9})\d*$/.exec(text);
  if (decimal !== null) return BigInt(decimal[1] ?? 0) * 1_000_000_000n + BigInt((decimal[2] ?? "").padEnd(9, "0"));
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

function durationIn(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d|w|y))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w|y)/g))
    ms += Number(digits) * (units[unit] ?? 0);
  return ms;
}
