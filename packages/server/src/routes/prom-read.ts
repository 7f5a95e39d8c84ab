// Prometheus' read API over our metrics: what Grafana's Prometheus source asks.
import { parseSelector, PromQlError, valueText } from "@sluice/core/metrics";
import type { PromQlAnswer, Steps } from "@sluice/core/metrics";
import { httpStatusOf, SluiceError, toWire } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { nosniff } from "../hygiene.ts";
import { metricStoreOf } from "../metrics/metric-body.ts";
import { PromParameters } from "../metrics/prom-parameters.ts";

/** Of the version whose answers these are held against. */
const promVersion = "2.42.0";

function answered(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...nosniff, "content-type": "application/json" } });
}

/** Grafana shows what stands in `error`. Failures that are not about the question are ours. */
async function asProm(answer: () => Promise<unknown>): Promise<Response> {
  try {
    return answered(200, { status: "success", data: await answer() });
  } catch (error) {
    if (error instanceof PromQlError) return refusal(error.kind, error.message);
    if (!(error instanceof SluiceError)) throw error;
    const { code, message } = toWire(error);
    if (code !== "bad_request" && code !== "invalid_filter") throw error;
    return answered(httpStatusOf(code), { status: "error", errorType: "bad_data", error: message });
  }
}

function refusal(kind: "bad_data" | "execution", error: string): Response {
  return answered(kind === "bad_data" ? 400 : 422, { status: "error", errorType: kind, error });
}

async function ask(call: Call, text: string, steps: Steps): Promise<PromQlAnswer> {
  const store = await metricStoreOf(call);
  call.mayIdle(store.limits.metricQueryMsMax);
  const answer = await store.query(text, steps);
  if (!("refused" in answer)) return answer;
  const { kind, message, at } = answer.refused;
  throw new PromQlError(at === null ? message : `at character ${at + 1}: ${message}`, { kind });
}

type Point = readonly [atMs: number, value: number];
const shownPoint = ([ms, value]: Point): readonly [number, string] => [ms / 1_000, valueText(value)];

export const queryProm = (call: Call): Promise<Response> =>
  asProm(async () => {
    const asked = await PromParameters.of(call);
    const atMs = asked.time("time") ?? call.parts.clock.now();
    const answer = await ask(call, asked.needed("query"), { fromMs: atMs, toMs: atMs, stepMs: 0 });
    switch (answer.kind) {
      case "text":
        return { resultType: "string", result: [atMs / 1_000, answer.text] };
      case "scalar":
        return { resultType: "scalar", result: shownPoint(answer.points[0] ?? [atMs, NaN]) };
      case "matrix":
        return {
          resultType: "matrix",
          result: answer.series.map(({ labels, points }) => ({ metric: labels, values: points.map(shownPoint) })),
        };
      default:
        return {
          resultType: "vector",
          result: answer.series.map(({ labels, points: [first = [atMs, NaN]] }) => ({
            metric: labels,
            value: shownPoint(first),
          })),
        };
    }
  });

export const queryPromRange = (call: Call): Promise<Response> =>
  asProm(async () => {
    const asked = await PromParameters.of(call);
    const { limits } = await metricStoreOf(call);
    const steps = asked.steps(limits.metricQueryPointsMax);
    const answer = await ask(call, asked.needed("query"), steps);
    if (answer.kind === "text" || answer.kind === "matrix") {
      throw new PromQlError(
        `invalid expression type "${answer.kind === "text" ? "string" : "range vector"}" for range query, must be Scalar or instant Vector`,
        {
          kind: "bad_data",
        },
      );
    }
    const series = answer.kind === "scalar" ? [{ labels: {}, points: answer.points }] : answer.series;
    return {
      resultType: "matrix",
      result: series.map(({ labels, points }) => ({ metric: labels, values: points.map(shownPoint) })),
    };
  });

/** Series that fit one of the selectors, all where there are none, and that were told something since. */
async function seriesIn(call: Call, asked: PromParameters): Promise<readonly Readonly<Record<string, string>>[]> {
  const selectors = asked.all("match[]").map(parseSelector);
  const store = await metricStoreOf(call);
  return store.series(selectors.length === 0 ? [[]] : selectors, asked.time("start") ?? 0);
}

export const listPromLabels = (call: Call): Promise<Response> =>
  asProm(async () => {
    const series = await seriesIn(call, await PromParameters.of(call));
    return [...new Set(series.flatMap((labels) => Object.keys(labels)))].toSorted();
  });

export const listPromLabelValues = (call: Call): Promise<Response> =>
  asProm(async () => {
    const name = call.param(0);
    const series = await seriesIn(call, await PromParameters.of(call));
    const values = series.flatMap((labels) => (Object.hasOwn(labels, name) ? [labels[name] ?? ""] : []));
    return [...new Set(values)].toSorted();
  });

export const listPromSeries = (call: Call): Promise<Response> =>
  asProm(async () => {
    const asked = await PromParameters.of(call);
    if (asked.all("match[]").length === 0) throw new PromQlError("no match[] parameter provided", { kind: "bad_data" });
    return seriesIn(call, asked);
  });

export const promMetadata = (call: Call): Promise<Response> =>
  asProm(async () => {
    const asked = await PromParameters.of(call);
    const about = await (await metricStoreOf(call)).about(asked.text("metric"));
    const shown = about.slice(0, asked.limit() ?? about.length);
    return Object.fromEntries(shown.map(({ name, kind, help, unit }) => [name, [{ type: kind, help, unit }]]));
  });

export const promBuild = (): Promise<Response> =>
  asProm(() =>
    Promise.resolve({ version: promVersion, revision: "", branch: "", buildUser: "", buildDate: "", goVersion: "" }),
  );
