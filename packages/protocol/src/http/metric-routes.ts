// Routes of metrics: values and samples in, reports and PromQL out.
import { get, post } from "./route-spec.ts";
import type { RouteSpec } from "./route-spec.ts";

const asPrometheus = {
  methods: ["GET", "POST"],
  tag: "metrics",
  permission: "metric:read",
  anyToken: true,
} as const;

export const metricRoutes = {
  recordMetrics: {
    methods: post,
    path: "/api/v1/metrics",
    summary: "Record values of counters, gauges and histograms",
    tag: "metrics",
    permission: "metric:write",
  },
  listMetrics: {
    methods: get,
    path: "/api/v1/metrics",
    summary: "What was recorded since the server started, with percentiles",
    tag: "metrics",
    permission: "metric:read",
  },
  reportMetrics: {
    methods: get,
    path: "/api/v1/metrics/report",
    summary: "What was recorded within a span of time, altogether and as it went",
    tag: "metrics",
    permission: "metric:read",
  },
  pushOtlpMetrics: {
    methods: post,
    path: "/v1/metrics",
    summary: "Send metrics as OpenTelemetry exports them (OTLP/HTTP): protobuf or JSON",
    tag: "metrics",
    permission: "metric:write",
    anyToken: true,
  },
  writeProm: {
    methods: post,
    path: "/prom/api/v1/write",
    summary: "Send samples as Prometheus writes them to others (remote write)",
    tag: "metrics",
    permission: "metric:write",
    anyToken: true,
  },
  queryProm: {
    ...asPrometheus,
    path: "/prom/api/v1/query",
    summary: "A PromQL expression at one moment, as Prometheus answers",
  },
  queryPromRange: {
    ...asPrometheus,
    path: "/prom/api/v1/query_range",
    summary: "A PromQL expression at each step of a span of time, as Prometheus answers",
  },
  listPromLabels: {
    ...asPrometheus,
    path: "/prom/api/v1/labels",
    summary: "Names of labels of series, as Prometheus answers",
  },
  listPromLabelValues: {
    ...asPrometheus,
    methods: get,
    path: "/prom/api/v1/label/:name/values",
    summary: "Values of a label of series, as Prometheus answers",
  },
  listPromSeries: {
    ...asPrometheus,
    path: "/prom/api/v1/series",
    summary: "Series that fit selectors, as Prometheus answers",
  },
  promMetadata: {
    ...asPrometheus,
    methods: get,
    path: "/prom/api/v1/metadata",
    summary: "Kinds and descriptions of metrics, as Prometheus answers",
  },
  promBuild: {
    ...asPrometheus,
    methods: get,
    path: "/prom/api/v1/status/buildinfo",
    summary: "The version of Prometheus whose answers these are, as Grafana asks for it",
  },
} as const satisfies Record<string, RouteSpec>;
