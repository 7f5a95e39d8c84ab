// Log entries from clients of Elasticsearch: bulk requests, and what such clients ask first.
import { bulkAnswer, elasticAnswer, elasticHeaders, readBulk } from "@sluice/core/logs";
import { httpStatusOf, toWire } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { deskOf, hashOf, reading, sentBytes, taken, textOfBytes } from "../logs/log-body.ts";
import { tenantOf } from "../logs/tenant.ts";
import { failure, reply } from "../wire.ts";

const prefix = "/es";

export const bulkElastic = (call: Call): Promise<Response> => elastic(() => bulk(call, undefined));

export const bulkElasticIndex = (call: Call): Promise<Response> => elastic(() => bulk(call, call.param(0)));

export const askElastic = (call: Call): Promise<Response> =>
  elastic(() => {
    const { path } = call.passage;
    const answer = elasticAnswer(call.request.method, path.slice(prefix.length));
    if (answer !== undefined) return reply("json", answer.status, answer.body);
    return elasticError(404, "resource_not_found_exception", `There is nothing at ${path} that logs need.`);
  });

async function bulk(call: Call, index: string | undefined): Promise<Response> {
  const tenant = tenantOf(call, "log:write");
  const desk = await deskOf(call);
  const bytes = await sentBytes(call, desk);
  const startedMs = performance.now();
  const collector = desk.collector(tenant);
  const now = { timeMs: call.parts.clock.now(), subNs: 0 };
  const items = reading(() => readBulk(collector, { text: textOfBytes(bytes), index, now }));
  // Documents with ids of their own are one and the same when they come again: a request of those is known by its content.
  const hash = items.every(({ id }) => id !== undefined) ? hashOf(bytes) : undefined;
  const key = hash === undefined ? undefined : { name: `es:${index ?? ""}:${hash}`, hash };
  const { firstSeq } = taken(await desk.store.append(collector.batch(tenant, key)));
  const tookMs = Math.round(performance.now() - startedMs);
  return reply("json", 200, bulkAnswer(items, { tookMs, madeId: (place) => `${firstSeq}-${place}` }));
}

/** Every answer says that Elasticsearch is spoken here, failures included. */
async function elastic(answer: () => Response | Promise<Response>): Promise<Response> {
  const response = await answered(answer);
  for (const [name, value] of Object.entries(elasticHeaders)) response.headers.set(name, value);
  return response;
}

async function answered(answer: () => Response | Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    const wire = toWire(error);
    if (wire.code === "internal" || wire.code === "forbidden") throw error;
    const response = elasticError(httpStatusOf(wire.code), typeOf(httpStatusOf(wire.code)), wire.message);
    const later = failure(wire).headers.get("retry-after");
    if (later !== null) response.headers.set("retry-after", later);
    return response;
  }
}

function typeOf(status: number): string {
  if (status === 429) return "es_rejected_execution_exception";
  if (status === 413) return "content_too_long_exception";
  return status < 500 ? "illegal_argument_exception" : "unavailable_shards_exception";
}

function elasticError(status: number, type: string, reason: string): Response {
  return reply("json", status, { error: { root_cause: [{ type, reason }], type, reason }, status });
}
