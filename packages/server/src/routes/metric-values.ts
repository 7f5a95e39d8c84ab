// Values that programs record, and what is known of them.
import { recordedKinds } from "@sluice/core/metrics";
import type { RecordedKind } from "@sluice/core/metrics";
import type { Call } from "../call.ts";
import { fieldsOf, optionalOneOf, refuse, textOf } from "../fields.ts";
import type { Body } from "../fields.ts";
import { metricStoreOf } from "../metrics/metric-body.ts";
import { reply } from "../wire.ts";

const nameCharsMax = 256;
const hourMs = 3_600_000;

interface Value {
  readonly kind: RecordedKind;
  readonly name: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** All of them are recorded, or none: each is checked before the first counts. */
export async function recordMetrics(call: Call): Promise<Response> {
  call.query().done();
  const { content } = await call.body();
  const several = fieldsOf(content, ["name", "value", "kind", "labels", "metrics"]);
  const store = await metricStoreOf(call);
  const list = several["metrics"];
  if (list !== undefined && !Array.isArray(list)) refuse("bad_request", "metrics is no list.", "A list of values.");
  const values = list === undefined ? [valueOf(several)] : list.map((each) => valueOf(membersOf(each)));
  if (values.length > store.limits.metricSamplesMax)
    refuse("payload_too_large", "There are too many values in one request (metricSamplesMax).", "Send fewer at once.");
  for (const value of values) store.recorder.check(value);
  for (const value of values) store.recorder.record(value);
  return reply("json", 200, { recorded: values.length });
}

function membersOf(value: unknown): Body {
  return fieldsOf(value, ["name", "value", "kind", "labels"]);
}

function valueOf(body: Body): Value {
  const value = body["value"];
  if (typeof value !== "number") return refuse("bad_request", "value is no number.", "A finite number.");
  const labels = body["labels"] ?? {};
  const isRecord = typeof labels === "object" && !Array.isArray(labels);
  if (!isRecord || !Object.values(labels).every((each) => typeof each === "string"))
    refuse("bad_request", "labels are no object of texts.", 'Such as {"route":"/pay"}.');
  return {
    name: textOf(body, "name", nameCharsMax),
    value,
    kind: optionalOneOf(body, "kind", recordedKinds) ?? "histogram",
    labels: labels as Readonly<Record<string, string>>,
  };
}

export async function listMetrics(call: Call): Promise<Response> {
  const query = call.query();
  const name = query.text("name");
  query.done();
  const store = await metricStoreOf(call);
  return reply("json", 200, { metrics: store.recorder.all(name) });
}

export async function reportMetrics(call: Call): Promise<Response> {
  const query = call.query();
  const name = query.text("name");
  const to = query.time("to") ?? call.parts.clock.now();
  const from = query.time("from") ?? to - hourMs;
  query.done();
  if (from > to) refuse("invalid_filter", "The span ends before it begins.", "Exchange from and to.");
  const store = await metricStoreOf(call);
  return reply("json", 200, await store.generateReport({ from, to, name }));
}
