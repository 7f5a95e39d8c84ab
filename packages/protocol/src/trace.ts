// Where runs stand in distributed traces: W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/). Ids of spans follow
// from what they are of, so that whoever does something again does it in the same span, and nobody has to keep them.
import { fnv64 } from "./fnv.ts";

/** A span elsewhere, or of a run. Ids are lower case hex, 32 and 16 digits. */
export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** False: whoever began the trace keeps none of it. */
  readonly sampled: boolean;
}

const headerPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const sampledFlag = 1;

/** The span that a `traceparent` names; undefined for what is none, which is to be ignored. */
export function parseTraceparent(text: string | null | undefined): TraceSpan | undefined {
  const [, version, traceId = "", spanId = "", flags = ""] = headerPattern.exec(text ?? "") ?? [];
  if (version === undefined || version === "ff" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  // Only later versions may have more.
  if (version === "00" && text?.length !== 55) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

/** The header that names a span. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceSpan): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** The trace of a run that nobody else's began. */
export function traceIdOf(run: string): string {
  const bytes = new TextEncoder().encode(`trace of ${run}`);
  return mixed(fnv64(bytes, 0xcbf29ce484222325n) + fnv64(bytes, 0x84222325cbf29ce4n));
}

/** The span of a run, of an entry of its journal, or of an attempt of a step. */
export function spanIdOf(run: string, seq?: number, attempt?: number): string {
  return mixed(fnv64(new TextEncoder().encode(`${run} ${seq ?? ""} ${attempt ?? ""}`), 0xcbf29ce484222325n));
}

/** Samplers take the bits of an id for chance: each word goes through the finaliser of MurmurHash3, which loses nothing. */
function mixed(id: string): string {
  return id.replaceAll(/.{8}/g, (word) => {
    let bits = Number.parseInt(word, 16);
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0).toString(16).padStart(8, "0");
  });
}
