// Asks Prometheus whether something is as it should be: through the cluster's own API by a service of it, or at a URL.
// Source: Prometheus, HTTP API, "Instant queries".
import type { Clock } from "../../kernel/clock.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Resources } from "../client/resources.ts";
import { at, listAt, textAt } from "../objects.ts";
import type { HttpTransport } from "../ports.ts";

export interface MetricCheck {
  readonly name: string;
  /** PromQL that comes to one number. */
  readonly query: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** `none`: there is no figure, such as without traffic. */
type CheckOutcome = "good" | "bad" | "none";

export interface Checked {
  readonly name: string;
  readonly outcome: CheckOutcome;
  readonly value: number | undefined;
  readonly reason: string;
}

export interface Queries {
  readonly resources: Resources;
  readonly transport: HttpTransport;
  readonly clock: Clock;
}

const servicePattern = /^([a-z0-9-]+)\/([a-z0-9-]+):([a-z0-9-]+)$/;

/** `prometheus` is `namespace/service:port` or an `http(s)` URL. */
export async function check(one: MetricCheck, prometheus: string, queries: Queries): Promise<Result<Checked>> {
  const answer = await ask(one.query, prometheus, queries);
  if (!answer.ok) return answer;
  const value = figureOf(answer.value);
  const { name, min, max } = one;
  if (value === undefined) return ok({ name, outcome: "none", value, reason: `${name} has no figure.` });
  if (min !== undefined && value < min)
    return ok({ name, outcome: "bad", value, reason: `${name} is ${value}, below ${min}.` });
  if (max !== undefined && value > max)
    return ok({ name, outcome: "bad", value, reason: `${name} is ${value}, above ${max}.` });
  return ok({ name, outcome: "good", value, reason: `${name} is ${value}.` });
}

async function ask(
  query: string,
  prometheus: string,
  { resources, transport, clock }: Queries,
): Promise<Result<unknown>> {
  const service = servicePattern.exec(prometheus);
  if (service !== null) {
    const [, namespace, name, port] = service;
    const path = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy/api/v1/query`;
    const answer = await resources.client.json({ path, query: { query } });
    return answer.ok ? ok(answer.value.body) : answer;
  }
  const { requestTimeoutMs } = resources.client.limits;
  const late = new AbortController();
  const cancel = clock.after(requestTimeoutMs, () => late.abort());
  try {
    const endpoint = { server: prometheus.replace(/\/$/, ""), insecure: false };
    const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await transport.send(endpoint, { method: "GET", path, headers: {}, signal: late.signal });
    const text = await answer.text();
    const body: unknown = JSON.parse(text);
    if (answer.status === 200) return ok(body);
    return fail({
      code: "cluster_rejected",
      message: `Prometheus refuses the query: ${textAt(body, "error") ?? `status ${answer.status}`}`,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail({ code: "cluster_unreachable", message: `Prometheus does not answer: ${why}` });
  } finally {
    cancel();
  }
}

/** Of a scalar, or of a vector with one element; NaN is no figure. */
function figureOf(body: unknown): number | undefined {
  const result = at(body, "data", "result");
  const pair =
    textAt(body, "data", "resultType") === "scalar" ? result : at(listAt(body, "data", "result")[0], "value");
  const text: unknown = Array.isArray(pair) ? pair[1] : undefined;
  const value = typeof text === "string" ? Number(text) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}
