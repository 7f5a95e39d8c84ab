// What goes in and out of the routes of metrics.
import { answer, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { metricRoutes } from "./metric-routes.ts";

/** As Prometheus documents it; as a form in the body of a POST too. */
const prom = (...names: readonly string[]): Contract => ({
  parameters: names.map((name) => query(name, promParameters[name] ?? name)),
  responses: { 200: answer("As Prometheus answers", "PromAnswer") },
});
const promParameters: Readonly<Record<string, string>> = {
  query: "PromQL",
  time: "The moment, in seconds or RFC 3339; now without it",
  start: "The beginning, in seconds or RFC 3339",
  end: "The end",
  step: "Seconds or a duration between values",
  "match[]": "Selectors; several are possible",
  metric: "Of this metric alone",
  limit: "At most so many",
};

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const metricContracts: Readonly<Record<keyof typeof metricRoutes, Contract>> = {
  recordMetrics: {
    request: "MetricValues",
    responses: { 200: answer("They are recorded, and written within seconds", "MetricsRecorded") },
  },
  listMetrics: {
    parameters: [query("name", "Of this metric alone")],
    responses: { 200: answer("Each series, with percentiles", "MetricList") },
  },
  reportMetrics: {
    parameters: [
      query("from", "From this time; an hour ago without it"),
      query("to", "To before this time; now without it"),
      query("name", "Of this metric alone"),
    ],
    responses: { 200: answer("Each series, altogether and slot by slot", "MetricReport") },
  },
  pushOtlpMetrics: {
    request: "OtlpMetrics",
    responses: { 200: answer("What was taken; in the form of the request", "OtlpMetricsTaken") },
  },
  writeProm: { requestType: "application/x-protobuf", responses: { 204: answer("All of it is written") } },
  queryProm: prom("query", "time"),
  queryPromRange: prom("query", "start", "end", "step"),
  listPromLabels: prom("match[]", "start", "end"),
  listPromLabelValues: prom("match[]", "start", "end"),
  listPromSeries: prom("match[]", "start", "end"),
  promMetadata: prom("metric", "limit"),
  promBuild: prom(),
};
