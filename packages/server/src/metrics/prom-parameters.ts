// Parameters of Prometheus' read API, from the address or from a form in the body.
import type { Steps } from "@sluice/core/metrics";
import { bytesOf } from "../body.ts";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";

const formBytesMax = 1_048_576;
const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
  d: 8.64e7,
  w: 6.048e8,
  y: 3.1536e10,
};

export class PromParameters {
  readonly #found: URLSearchParams;

  private constructor(found: URLSearchParams) {
    this.#found = found;
  }

  /** What Prometheus does not know it does not mind. */
  static async of(call: Call): Promise<PromParameters> {
    const found = new URLSearchParams(new URL(call.request.url).search);
    if (call.request.method === "POST") {
      const bytesMax = Math.min(formBytesMax, call.parts.limits.bodyBytesMax);
      const bytes = await bytesOf(call.request, { bodyBytesMax: bytesMax });
      for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) found.append(name, value);
    }
    return new PromParameters(found);
  }

  text(name: string): string | undefined {
    const value = this.#found.get(name);
    return value === null || value === "" ? undefined : value;
  }

  all(name: string): readonly string[] {
    return this.#found.getAll(name).filter((value) => value !== "");
  }

  needed(name: string): string {
    return this.text(name) ?? refuse("bad_request", `invalid parameter "${name}": it is missing`, "Send it.");
  }

  limit(): number | undefined {
    const text = this.text("limit");
    if (text === undefined) return undefined;
    if (/^\d{1,9}$/.test(text)) return Number(text);
    return refuse("bad_request", "limit must be a number", "A whole number.");
  }

  /** Milliseconds since 1970, of seconds with a fraction or a time as RFC 3339 writes it. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
    const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
    if (!Number.isNaN(ms)) return ms;
    return refuse(
      "bad_request",
      `invalid parameter "${name}": cannot parse ${quoted(text)} to a valid timestamp`,
      "Seconds since 1970, or RFC 3339.",
    );
  }

  steps(pointsMax: number): Steps {
    const needed = (name: string): number => {
      this.needed(name);
      return this.time(name) ?? 0;
    };
    const [fromMs, toMs] = [needed("start"), needed("end")];
    if (toMs < fromMs)
      refuse("bad_request", `invalid parameter "end": end timestamp must not be before start time`, "Exchange them.");
    const stepMs = stepIn(this.needed("step"));
    if (!(stepMs > 0)) {
      refuse(
        "bad_request",
        `invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer`,
        "Seconds, or a duration such as 30s.",
      );
    }
    if ((toMs - fromMs) / stepMs > pointsMax) {
      refuse(
        "bad_request",
        `exceeded maximum resolution of ${pointsMax} points per timeseries. Try decreasing the query resolution (?step=XX)`,
        "A longer step; metricQueryPointsMax raises the limit.",
      );
    }
    return { fromMs, toMs, stepMs };
  }
}

function stepIn(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return NaN;
  let ms = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
    ms += Number(digits) * (unitsMs[unit] ?? 0);
  return ms;
}
