// Loki's read API over our logs: what Grafana's Explore and Drilldown ask, and logcli.
import { labelTest, parseLogQl } from "@sluice/core/logs";
import type { Labels, LogQlAnswer } from "@sluice/core/logs";
import { httpStatusOf, SluiceError, toWire } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { nosniff } from "../hygiene.ts";
import { deskOf } from "../logs/log-body.ts";
import { LokiParameters } from "../logs/loki-parameters.ts";
import { detectFields, instantOf, matrixOf, patternsOf, statsOf, streamsOf } from "../logs/loki-answers.ts";
import { noteQuery } from "../metrics/metric-body.ts";
import { tenantOf } from "../logs/tenant.ts";

const linesUsual = 100;
const fieldLinesUsual = 1_000;
/** Of the version whose answers these are held against. */
const lokiVersion = "3.7.8";
const categorizeFlag = "categorize-labels";

/** Grafana shows what stands in the body as it is. */
async function asLoki(answer: () => Promise<object>): Promise<Response> {
  try {
    const data = await answer();
    return new Response(JSON.stringify(data), {
      headers: { ...nosniff, "content-type": "application/json; charset=UTF-8" },
    });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { code, message } = toWire(error);
    // Of failures Loki's clients read the text; ours are the usual ones otherwise.
    if (code !== "bad_request" && code !== "invalid_filter") throw error;
    return new Response(message, {
      status: httpStatusOf(code),
      headers: { ...nosniff, "content-type": "text/plain; charset=utf-8" },
    });
  }
}

async function ask(
  call: Call,
  p: {
    readonly text: string;
    readonly fromNs: bigint;
    readonly toNs: bigint;
    readonly stepMs: number;
    readonly limit?: number;
    readonly direction?: "backward" | "forward";
    readonly categorize?: boolean;
  },
): Promise<LogQlAnswer> {
  const tenant = tenantOf(call, "log:read");
  const { store, limits } = await deskOf(call);
  call.mayIdle(limits.logQueryMsMax);
  const { limit = linesUsual, direction = "backward", categorize = false } = p;
  const startedMs = performance.now();
  const answer = await store.logql({ tenant, ...p, limit, direction, categorize }, call.request.signal);
  await noteQuery(call, "logql", startedMs);
  return answer;
}

export const queryLoki = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const toNs = asked.time();
    const answer = await ask(call, { text: asked.query(), fromNs: toNs, toNs, stepMs: 0 });
    return { status: "success", data: { ...instantOf(answer, toNs), stats: statsOf(answer) } };
  });

export const queryLokiRange = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const text = asked.query();
    const span = asked.span();
    const { limits } = await deskOf(call);
    const categorize = call.request.headers.get("x-loki-response-encoding-flags")?.includes(categorizeFlag) === true;
    const limit = asked.limit(linesUsual, limits.logQueryRowsMax);
    const direction = asked.direction();
    const answer = await ask(call, { text, ...span, stepMs: asked.step(span), limit, direction, categorize });
    const flags = categorize ? { encodingFlags: [categorizeFlag] } : {};
    const found =
      answer.kind === "lines" ? streamsOf(answer.lines, categorize) : matrixOf(answer, span, asked.step(span));
    return { status: "success", data: { ...found, ...flags, stats: statsOf(answer) } };
  });

/** Labels of streams with entries in the days of a span, that fit one of the selectors. */
async function streamsIn(call: Call, asked: LokiParameters, selectors: readonly string[]): Promise<readonly Labels[]> {
  const tenant = tenantOf(call, "log:read");
  const { fromNs, toNs } = asked.span();
  const tests = selectors.map((text) => {
    const expression = selectorIn(text);
    const matchers = expression.map((each) => ({ name: each.name, test: labelTest(each) }));
    return (labels: Labels): boolean =>
      matchers.every(({ name, test }) => test(Object.hasOwn(labels, name) ? (labels[name] ?? "") : ""));
  });
  const { store } = await deskOf(call);
  const streams = await store.streams({
    tenant,
    fromMs: Number(fromNs / 1_000_000n),
    toMs: Number(toNs / 1_000_000n) + 1,
  });
  return tests.length === 0 ? streams : streams.filter((labels) => tests.some((test) => test(labels)));
}

function selectorIn(text: string): Extract<ReturnType<typeof parseLogQl>, { kind: "log" }>["matchers"] {
  if (text === "{}") return [];
  try {
    const expression = parseLogQl(text);
    if (expression.kind === "log") return expression.matchers;
  } catch (error) {
    throw new SluiceError({
      code: "bad_request",
      message: error instanceof Error ? error.message : String(error),
    });
  }
  throw new SluiceError({ code: "bad_request", message: `${text} is no selector.` });
}

export const listLokiLabels = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const streams = await streamsIn(call, asked, asked.all("query"));
    return { status: "success", data: [...new Set(streams.flatMap((labels) => Object.keys(labels)))].toSorted() };
  });

export const listLokiLabelValues = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const name = call.param(0);
    const streams = await streamsIn(call, asked, asked.all("query"));
    const values = streams.flatMap((labels) => (Object.hasOwn(labels, name) ? [labels[name] ?? ""] : []));
    return { status: "success", data: [...new Set(values)].toSorted() };
  });

export const listLokiSeries = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    return { status: "success", data: await streamsIn(call, asked, asked.all("match[]", "match")) };
  });

/** The span as a range, which ends with its last moment and leaves out its first. */
function rangeOf({ fromNs, toNs }: { readonly fromNs: bigint; readonly toNs: bigint }): string {
  const ns = toNs - fromNs;
  return `${ns > 0n ? ns : 1n}ns`;
}

/** Labels that streams have, for sums that leave out what stands beside lines. */
async function streamLabels(call: Call, asked: LokiParameters, selector: string): Promise<string> {
  const streams = await streamsIn(call, asked, [selector]);
  return [...new Set(streams.flatMap((labels) => Object.keys(labels)))].join(", ");
}

export const lokiStats = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const [selector, span] = [asked.query(), asked.span()];
    selectorIn(selector);
    const by = await streamLabels(call, asked, selector);
    const at = { fromNs: span.toNs, toNs: span.toNs, stepMs: 0 };
    const count = await ask(call, { text: `sum by (${by}) (count_over_time(${selector}[${rangeOf(span)}]))`, ...at });
    const bytes = await ask(call, { text: `sum(bytes_over_time(${selector}[${rangeOf(span)}]))`, ...at });
    const counts = valuesOf(count);
    return {
      streams: counts.length,
      chunks: counts.length,
      entries: counts.reduce((a, b) => a + b, 0),
      bytes: valuesOf(bytes)[0] ?? 0,
    };
  });

function valuesOf(answer: LogQlAnswer): readonly number[] {
  return answer.kind === "series" ? answer.series.flatMap(({ points }) => points.map(([, value]) => value)) : [];
}

export const lokiVolume = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const span = asked.span();
    const text = await volumeText(call, asked, rangeOf(span));
    const answer = await ask(call, { text, fromNs: span.toNs, toNs: span.toNs, stepMs: 0 });
    return { status: "success", data: { ...instantOf(answer, span.toNs), stats: statsOf(answer) } };
  });

export const lokiVolumeRange = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const span = asked.span();
    const stepMs = asked.step(span);
    const text = await volumeText(call, asked, `${stepMs}ms`);
    const answer = await ask(call, { text, ...span, stepMs });
    return { status: "success", data: { ...matrixOf(answer, span, stepMs), stats: statsOf(answer) } };
  });

/** By the labels that are named in the selector, unless others are asked for. */
async function volumeText(call: Call, asked: LokiParameters, range: string): Promise<string> {
  const { limits } = await deskOf(call);
  const selector = asked.query();
  const matchers = selectorIn(selector);
  const named = asked.text("targetLabels")?.split(",") ?? matchers.map(({ name }) => name);
  const labels =
    named.length === 0
      ? await streamLabels(call, asked, selector)
      : named.filter((name) => /^[A-Za-z_]\w*$/.test(name)).join(", ");
  return `topk(${asked.limit(linesUsual, limits.logQueryRowsMax)}, sum by (${labels}) (bytes_over_time(${selector}[${range}])))`;
}

export const detectLokiLabels = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const values = new Map<string, Set<string>>();
    for (const labels of await streamsIn(call, asked, asked.all("query")))
      for (const [name, value] of Object.entries(labels)) values.set(name, (values.get(name) ?? new Set()).add(value));
    return { detectedLabels: Array.from(values, ([label, { size }]) => ({ label, cardinality: size })) };
  });

export const detectLokiFields = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const span = asked.span();
    const { limits } = await deskOf(call);
    const lines = Math.min(
      Number(asked.text("line_limit") ?? fieldLinesUsual) || fieldLinesUsual,
      limits.logQueryRowsMax,
    );
    const answer = await ask(call, { text: asked.query(), ...span, stepMs: 1_000, limit: lines, categorize: true });
    if (answer.kind !== "lines")
      throw new SluiceError({ code: "bad_request", message: "Fields are found in lines, not in values." });
    const limit = asked.limit(fieldLinesUsual, fieldLinesUsual);
    return { fields: detectFields(answer.lines).slice(0, limit), limit };
  });

/** Of the latest lines, as many as one answer may have. */
export const lokiPatterns = (call: Call): Promise<Response> =>
  asLoki(async () => {
    const asked = await LokiParameters.of(call);
    const [text, span] = [asked.query(), asked.span()];
    selectorIn(text);
    const stepMs = asked.step(span);
    const { limits } = await deskOf(call);
    const answer = await ask(call, { text, ...span, stepMs, limit: limits.logQueryRowsMax });
    return { status: "success", data: answer.kind === "lines" ? patternsOf(answer.lines, stepMs) : [] };
  });

export const lokiBuild = (call: Call): Promise<Response> =>
  asLoki(() => {
    tenantOf(call, "log:read");
    return Promise.resolve({
      version: lokiVersion,
      revision: "",
      branch: "",
      buildUser: "",
      buildDate: "",
      goVersion: "",
    });
  });
