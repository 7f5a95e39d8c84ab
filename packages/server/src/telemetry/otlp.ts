// Spans and figures as OTLP in JSON: the proto3 mapping of opentelemetry-proto (https://github.com/open-telemetry/opentelemetry-proto,
// v1), with ids as hex and 64-bit numbers as text, as its specification of OTLP over HTTP has it.
import type { Span } from "./spans.ts";

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Who tells: the attributes of the resource. */
export interface Teller {
  readonly version: string;
  /** Name of the data; the same after a restart. */
  readonly instance: string;
}

/** A figure. `sum` only grows, since `start`; a gauge is what it is now. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly kind: "sum" | "gauge";
  readonly points: readonly { readonly value: number; readonly attributes?: Attributes }[];
}

const spanKindInternal = 1;
const statusError = 2;
const cumulative = 2;
const scope = { name: "sluice" };

/** Body of `POST /v1/traces`. */
export function tracesBody(teller: Teller, spans: readonly Span[]): string {
  return JSON.stringify({
    resourceSpans: [{ resource: resourceOf(teller), scopeSpans: [{ scope, spans: spans.map(spanJson) }] }],
  });
}

function spanJson(span: Span): unknown {
  const { traceId, spanId, parentSpanId, name, start, end, attributes, error, links } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: spanKindInternal,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(end),
    attributes: attributesJson(attributes),
    ...(links === undefined ? {} : { links }),
    ...(error === undefined
      ? {}
      : {
          status: { code: statusError, message: error.message ?? error.type },
          events: [{ timeUnixNano: nanos(end), name: "exception", attributes: attributesJson(exceptionOf(error)) }],
        }),
  };
}

function exceptionOf({ type, message }: NonNullable<Span["error"]>): Attributes {
  return { "exception.type": type, ...(message === undefined ? {} : { "exception.message": message }) };
}

/** Body of `POST /v1/metrics`. Times are milliseconds since 1970. */
export function metricsBody(
  teller: Teller,
  p: { readonly figures: readonly Figure[]; readonly start: number; readonly now: number },
): string {
  const metrics = p.figures.map(({ name, unit, kind, points }) => {
    const dataPoints = points.map(({ value, attributes = {} }) => ({
      attributes: attributesJson(attributes),
      startTimeUnixNano: nanos(p.start),
      timeUnixNano: nanos(p.now),
      asDouble: value,
    }));
    if (kind === "gauge") return { name, unit, gauge: { dataPoints } };
    return { name, unit, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } };
  });
  return JSON.stringify({ resourceMetrics: [{ resource: resourceOf(teller), scopeMetrics: [{ scope, metrics }] }] });
}

function resourceOf({ version, instance }: Teller): unknown {
  const attributes = { "service.name": "sluice", "service.version": version, "service.instance.id": instance };
  return { attributes: attributesJson(attributes) };
}

function attributesJson(attributes: Attributes): unknown {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): unknown {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Milliseconds as nanoseconds, exactly. */
function nanos(ms: number): string {
  return `${BigInt(Math.round(ms * 1_000)) * 1_000n}`;
}
