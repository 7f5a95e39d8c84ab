// Metrics: what programs record, samples of others, PromQL and reports over them. Loaded when somebody uses them.
export { MetricStore } from "./metric-store.ts";
export { recordedKinds } from "./recorder.ts";
export type { RecordedKind } from "./recorder.ts";
export { Readings } from "./ingest/readings.ts";
export { readRemoteWrite } from "./ingest/remote-write.ts";
export { readOtlpMetricsJson } from "./ingest/otlp-json.ts";
export { readOtlpMetricsProtobuf } from "./ingest/otlp-protobuf.ts";
export { readExposition } from "./ingest/exposition.ts";
export { parseSelector } from "./promql/parse.ts";
export { PromQlError } from "./promql/promql-error.ts";
export type { PromQlAnswer, Steps } from "./promql/evaluate.ts";
export { valueText } from "./promql/vectors.ts";
export { nameLabel } from "./sample.ts";
export { unsnap } from "../kernel/snappy.ts";
