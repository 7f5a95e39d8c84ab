// What goes in and out of the routes of logs.
import { answer, header, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { logRoutes } from "./log-routes.ts";

const tenantHeader = header("x-scope-orgid", "The tenant, where the token is for several");

/** As Grafana Loki documents it; as a form in the body of a POST too. */
const loki = (...names: readonly string[]): Contract => ({
  parameters: [...names.map((name) => query(name, lokiParameters[name] ?? name)), tenantHeader],
  responses: { 200: { description: "As Grafana Loki answers", type: "application/json" } },
});
const lokiParameters: Readonly<Record<string, string>> = {
  query: "LogQL",
  time: "The moment; now without it",
  start: "The beginning: nanoseconds, seconds with a fraction, or RFC 3339; an hour before the end without it",
  end: "The end; now without it",
  since: "A duration before the end, in place of the beginning",
  step: "Seconds or a duration between values",
  limit: "Lines, or volumes, at most; 100 without it",
  direction: "`backward` or `forward`",
  "match[]": "Selectors; several are possible",
  targetLabels: "Labels that volumes are added up by",
  line_limit: "Lines that are looked at",
};

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const logContracts: Readonly<Record<keyof typeof logRoutes, Contract>> = {
  writeLogs: {
    parameters: [
      header("idempotency-key", "The same request again is taken once, for a day; other entries under it are refused"),
      tenantHeader,
    ],
    request: "LogEntries",
    responses: { 200: answer("What was taken, on the disk", "LogsTaken") },
  },
  queryLogs: {
    parameters: [tenantHeader],
    request: "LogQuery",
    responses: { 200: answer("Entries, or a table", "LogAnswer") },
  },
  tailLogs: {
    parameters: [
      query("query", "A filter in the language of logs; everything without it"),
      query("last", "So many of the latest entries come first; 100 without it"),
      query("after", "Number of the last entry that was seen: what came after it comes first"),
      query("tenant", "Where one may read of several"),
      header("last-event-id", "The same as `after`, as browsers send it"),
    ],
    responses: {
      200: { description: "Entries and what was missed, each with its number as id", type: "text/event-stream" },
    },
  },
  deleteLogs: {
    parameters: [tenantHeader],
    request: "LogDeletion",
    responses: { 202: answer("What is deleted; files are rewritten meanwhile", "LogsDeleted") },
  },
  connectLogs: {
    parameters: [query("tenant", "Where the token is for several"), tenantHeader],
    responses: { 101: answer("Messages from here on: docs/logs.md") },
  },
  pushLokiLogs: {
    parameters: [tenantHeader],
    request: "LokiPush",
    responses: { 204: answer("All of it is on the disk") },
  },
  queryLoki: loki("query", "time", "limit", "direction"),
  queryLokiRange: loki("query", "start", "end", "since", "step", "limit", "direction"),
  listLokiLabels: loki("query", "start", "end", "since"),
  listLokiLabelValues: loki("query", "start", "end", "since"),
  listLokiSeries: loki("match[]", "start", "end", "since"),
  lokiStats: loki("query", "start", "end"),
  lokiVolume: loki("query", "start", "end", "limit", "targetLabels"),
  lokiVolumeRange: loki("query", "start", "end", "step", "limit", "targetLabels"),
  detectLokiLabels: loki("query", "start", "end", "since"),
  detectLokiFields: loki("query", "start", "end", "since", "line_limit", "limit"),
  lokiPatterns: loki("query", "start", "end", "step"),
  lokiBuild: loki(),
  pushOtlpLogs: {
    parameters: [tenantHeader],
    request: "OtlpLogs",
    responses: { 200: answer("What was taken, on the disk; in the form of the request", "OtlpLogsTaken") },
  },
  bulkElastic: {
    parameters: [tenantHeader],
    requestType: "application/x-ndjson",
    responses: { 200: answer("What became of each action", "ElasticBulkAnswer") },
  },
  bulkElasticIndex: {
    parameters: [tenantHeader],
    requestType: "application/x-ndjson",
    responses: { 200: answer("What became of each action", "ElasticBulkAnswer") },
  },
  askElastic: { responses: { 200: { description: "As Elasticsearch answers", type: "application/json" } } },
  pushDatadogLogs: {
    parameters: [
      query("ddsource", "For entries that name none"),
      query("ddtags", "The same"),
      query("service", "The same"),
      query("hostname", "The same"),
      tenantHeader,
    ],
    request: "DatadogLogs",
    responses: { 202: answer("All of it is on the disk", "Nothing") },
  },
  pushSplunkEvents: {
    parameters: [tenantHeader],
    request: "SplunkEvent",
    responses: { 200: answer("All of it is on the disk", "SplunkAnswer") },
  },
  pushSplunkEventsTyped: {
    parameters: [tenantHeader],
    request: "SplunkEvent",
    responses: { 200: answer("All of it is on the disk", "SplunkAnswer") },
  },
  pushSplunkRaw: {
    parameters: [
      query("host", "Of all lines"),
      query("source", "The same"),
      query("sourcetype", "The same"),
      query("index", "The same"),
      tenantHeader,
    ],
    requestType: "text/plain",
    responses: { 200: answer("All of it is on the disk", "SplunkAnswer") },
  },
  splunkHealth: { responses: { 200: answer("Entries are taken", "SplunkAnswer") } },
  pushGelf: {
    parameters: [tenantHeader],
    request: "GelfMessage",
    responses: { 202: answer("It is on the disk") },
  },
  pushClef: {
    parameters: [query("clef", "Given: the body is in the compact format"), tenantHeader],
    requestType: "application/vnd.serilog.clef",
    responses: { 201: answer("All of it is on the disk", "SeqAnswer") },
  },
  uploadJournal: {
    parameters: [tenantHeader],
    requestType: "application/vnd.fdo.journal",
    responses: { 202: { description: "All of it is on the disk", type: "text/plain" } },
  },
};
