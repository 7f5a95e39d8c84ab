// Logs: entries in, queries and live tails out.
import { parseQuery, QueryError, readLokiJson, readLokiProtobuf, readNative, unsnap } from "@sluice/core/logs";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { optionalTextOf, quoted, refuse, timeIn } from "../fields.ts";
import type { Body } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { deskOf, hashOf, mediaType, reading, sentBytes, taken, textOfBytes } from "../logs/log-body.ts";
import { noteQuery } from "../metrics/metric-body.ts";
import { shownAnswer } from "../logs/show-logs.ts";
import { TailFeed } from "../logs/tail-feed.ts";
import { tenantOf } from "../logs/tenant.ts";
import { done, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const keyCharsMax = 256;
export const queryCharsMax = 16_384;
const lastUsual = 100;
const seqMax = Number.MAX_SAFE_INTEGER;

export async function writeLogs(call: Call): Promise<Response> {
  call.query().done();
  const tenant = tenantOf(call, "log:write");
  const name = call.request.headers.get("idempotency-key");
  if (name !== null && (name === "" || name.length > keyCharsMax)) {
    refuse("bad_request", "The idempotency key is empty or too long.", `1 to ${keyCharsMax} characters.`);
  }
  const desk = await deskOf(call);
  const bytes = await sentBytes(call, desk);
  const type = mediaType(call.request);
  const form = type === "application/x-ndjson" || type === "application/jsonl" ? "lines" : "json";
  if (form === "json" && type !== "application/json" && type !== "") {
    refuse(
      "unsupported_media_type",
      `Logs of type ${quoted(type)} are not read here.`,
      "Send application/json or application/x-ndjson.",
    );
  }
  const collector = desk.collector(tenant);
  const text = textOfBytes(bytes);
  reading(() => readNative(collector, { text, form, nowMs: call.parts.clock.now() }));
  const key = name === null ? undefined : { name: `native:${name}`, hash: hashOf(bytes) };
  const appended = taken(await desk.store.append(collector.batch(tenant, key)));
  return reply("json", 200, {
    accepted: collector.accepted,
    rejections: collector.rejections,
    rejected: collector.rejected,
    firstSeq: collector.accepted === 0 ? null : appended.firstSeq,
    duplicate: appended.outcome === "duplicate",
  });
}

/** Loki's shippers send the same body again when they had no answer: it is known by its content. */
export async function pushLokiLogs(call: Call): Promise<Response> {
  call.query().done();
  const tenant = tenantOf(call, "log:write");
  const desk = await deskOf(call);
  const bytes = await sentBytes(call, desk);
  const { collector, push } = desk.lokiCollector(tenant);
  if (mediaType(call.request) === "application/json") reading(() => readLokiJson(collector, textOfBytes(bytes)));
  else reading(() => readLokiProtobuf(collector, unsnap(bytes, desk.limits.logBodyBytesMax)));
  const hash = hashOf(bytes);
  taken(await push.settled(desk.store.append(collector.batch(tenant, { name: `loki:${hash}`, hash }))));
  const [first] = collector.rejected;
  if (first === undefined) return done();
  throw new SluiceError({
    code: "invalid_input",
    message: `${collector.rejections} entries were not taken, the first of them (${first.index}) because of ${first.code}; ${collector.accepted} were.`,
    hint: "Do not send them again as they are.",
  });
}

export async function queryLogs(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["query", "from", "to", "limit", "tenant", "afterSeq", "upToSeq"]);
  const text = body["query"] === "" ? "" : (optionalTextOf(body, "query", queryCharsMax) ?? "");
  const tenant = tenantOf(call, "log:read", optionalTextOf(body, "tenant", 128));
  const parsed = understood(text, call.parts.clock.now());
  const query = {
    ...parsed,
    fromMs: Math.max(parsed.fromMs, timeField(body, "from") ?? -Infinity),
    toMs: Math.min(parsed.toMs, timeField(body, "to") ?? Infinity),
  };
  const rowsMax = countField(body, "limit", 1);
  const [aboveSeq, upToSeq] = [countField(body, "afterSeq"), countField(body, "upToSeq")];
  const { store, limits } = await deskOf(call);
  call.mayIdle(limits.logQueryMsMax);
  const startedMs = performance.now();
  const { signal } = call.request;
  const answer = await store.query({ tenant, query, aboveSeq, upToSeq, rowsMax, signal });
  await noteQuery(call, "logs", startedMs);
  return reply("json", 200, shownAnswer(answer, Math.round((performance.now() - startedMs) * 10) / 10));
}

/** Throws `invalid_filter` with the place for what is no query. */
export function understood(text: string, nowMs: number): ReturnType<typeof parseQuery> {
  try {
    return parseQuery(text, nowMs);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new SluiceError({
      code: "invalid_filter",
      message: `The query cannot be read at character ${error.at + 1}: ${error.message}`,
      hint: "docs/logs.md has the language.",
      details: { at: error.at },
    });
  }
}

export function timeField(body: Body, key: string): number | undefined {
  const value = body[key] ?? undefined;
  if (value === undefined) return undefined;
  const ms = typeof value === "number" ? value : typeof value === "string" ? timeIn(value) : undefined;
  if (ms !== undefined && Number.isFinite(ms)) return ms;
  return refuse(
    "bad_request",
    `${key} is no time.`,
    "Milliseconds since 1970, or a time such as 2026-01-31T08:00:00Z.",
  );
}

function countField(body: Body, key: string, min = 0): number | undefined {
  const value = body[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  return refuse("bad_request", `${key} is no whole number.`, `A number from ${min} on.`);
}

export async function tailLogs(call: Call): Promise<Response> {
  const asked = call.query();
  const parsed = understood(asked.text("query") ?? "", call.parts.clock.now());
  const last = asked.integer("last", { min: 0, max: seqMax }) ?? lastUsual;
  const seen = asked.integer("after", { min: 0, max: seqMax });
  const named = asked.text("tenant");
  asked.done();
  if (parsed.pipes.length > 0 || parsed.fromMs !== -Infinity || parsed.toMs !== Infinity) {
    refuse("invalid_filter", "A tail takes a filter without pipes and without _time.", "Take them out.");
  }
  const tenant = tenantOf(call, "log:read", named);
  const after = numberIn(call.request.headers.get("last-event-id")) ?? seen;
  const { tails, limits } = await deskOf(call);
  const headers = {
    ...nosniff,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  };
  if (call.request.method === "HEAD") return new Response(null, { headers });
  const { closing, limits: http } = call.parts;
  const end = (): void => feed.end();
  const tail = tails.tail({ tenant, filter: parsed.filter, after, last: Math.min(last, limits.logQueryRowsMax) });
  const feed = new TailFeed(call.parts, {
    tail,
    closed: () => {
      closing.removeEventListener("abort", end);
      unlisten();
    },
  });
  closing.addEventListener("abort", end);
  const unlisten = call.onEnded(end);
  call.mayIdle(http.heartbeatMs);
  return new Response(feed.stream(), { headers });
}

function numberIn(header: string | null): number | undefined {
  if (header === null || header === "") return undefined;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  return refuse("bad_request", "Last-Event-ID is not a number.", "Send the last id you saw, or nothing.");
}
