// Sluice as a contender: the shipped server in a process of its own, loaded and asked over the network as programs do it.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ended } from "../processes.ts";
import { PROJECT } from "../server/contenders/sluice.ts";
import { startSluice } from "../sluice.ts";
import { ascending, percentile } from "../statistics.ts";
import { BEGIN_MS, corpus } from "./corpus.ts";
import { expectCount, timedMs } from "./figures.ts";
import type { Asked, Figures } from "./figures.ts";
import type { Scale } from "./options.ts";
import { LogLink } from "./log-link.ts";

const PUSH_LINES = 2_000;
const PUSHES_AT_ONCE = 4;
const BATCH_LINES = 1_000;
const BATCHES_AT_ONCE = 8;
const PACED_PER_SECOND = 5_000;
const TAILED_PER_SECOND = 50_000;
const TICK_MS = 10;
const SINGLES_AT_ONCE = 5_000;

export async function measureSluice(p: {
  readonly folder: string;
  readonly seed: number;
  readonly asked: Asked;
  readonly scale: Scale;
}): Promise<Figures> {
  const { folder, asked, scale } = p;
  const env = { SLUICE_LIMITS_LOG_OWN_LINES_MS: "0", SLUICE_LIMITS_ADDRESS_REQUESTS_PER_SECOND_MAX: "0" };
  const { child, port } = await startSluice({ project: PROJECT, folder, args: ["--no-auth"], env });
  try {
    const url = `http://127.0.0.1:${port}`;
    const figures: Figures = {};
    const seconds = await push(url, p);
    figures.ingestMBs = asked.rawBytes / 1e6 / seconds;
    figures.ingestLines = asked.lines / seconds;
    await sealed(url, asked.lines);
    figures.ratio = asked.rawBytes / bytesIn(join(folder, "logs"));
    Object.assign(figures, await queries(url, p));
    Object.assign(figures, await overSocket(port, scale));
    return figures;
  } finally {
    child.kill("SIGTERM");
    await ended(child);
  }
}

/** Seconds until the last push was acknowledged. */
async function push(url: string, p: { readonly seed: number; readonly asked: Asked }): Promise<number> {
  const bodies = pushes(p);
  const startedMs = performance.now();
  const sender = async (): Promise<void> => {
    for (let next = bodies.next(); next.done !== true; next = bodies.next()) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${url}/loki/api/v1/push`, { method: "POST", headers, body: next.value });
      if (answer.status !== 204) throw new Error(`a push was answered ${answer.status}: ${await answer.text()}`);
    }
  };
  await Promise.all(Array.from({ length: PUSHES_AT_ONCE }, sender));
  return (performance.now() - startedMs) / 1_000;
}

function* pushes(p: { readonly seed: number; readonly asked: Asked }): Generator<string> {
  let streams = new Map<string, [string, string][]>();
  let lines = 0;
  const taken = (): string => {
    const all = Array.from(streams, ([service, values]) => ({ stream: { service }, values }));
    streams = new Map();
    lines = 0;
    return JSON.stringify({ streams: all });
  };
  for (const { timeMs, service, json } of corpus({ seed: p.seed, lines: p.asked.lines })) {
    const values = streams.get(service) ?? [];
    values.push([`${timeMs}000000`, json]);
    streams.set(service, values);
    if (++lines === PUSH_LINES) yield taken();
  }
  if (lines > 0) yield taken();
}

async function ask(
  url: string,
  query: string,
  more: object = {},
): Promise<{ readonly entries: unknown[] | null; readonly rows: unknown[][] | null }> {
  const body = JSON.stringify({ query, from: BEGIN_MS, to: BEGIN_MS + 86_400_000, ...more });
  const answer = await fetch(`${url}/api/v1/logs/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (!answer.ok) throw new Error(`${query} was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Awaited<ReturnType<typeof ask>>;
}

/** Everything has been counted; what is still in the head by then is sealed by its age while queries warm up. */
async function sealed(url: string, lines: number): Promise<void> {
  const { rows } = await ask(url, "* | stats count() as n");
  expectCount("lines", Number(rows?.[0]?.[0]), lines);
}

async function queries(
  url: string,
  { asked, scale }: { readonly asked: Asked; readonly scale: Scale },
): Promise<Figures> {
  const { repeats } = scale;
  expectCount("the needle", (await ask(url, asked.needle)).entries?.length ?? 0, 1);
  expectCount("the fragment", (await ask(url, asked.fragment)).entries?.length ?? 0, 1);
  const byMinute = "stats by (_time:1m, level) count()";
  return {
    needleMs: await timedMs(repeats, () => ask(url, asked.needle)),
    fragmentMs: await timedMs(repeats, () => ask(url, asked.fragment)),
    histogramMs: await timedMs(repeats, () => ask(url, `* | ${byMinute}`)),
    filteredMs: await timedMs(repeats, () => ask(url, `service:=${asked.service} | ${byMinute}`)),
    latestMs: await timedMs(repeats, () => ask(url, `service:=${asked.service}`, { limit: 100 })),
  };
}

async function overSocket(port: number, scale: Scale): Promise<Figures> {
  const link = await LogLink.open(port);
  const singles = await link.flood({
    messages: scale.singles,
    atOnce: SINGLES_AT_ONCE,
    make: (id) => `{"id":${id},"message":"message ${id} of a flood","service":"ws"}`,
  });
  const lines = Array.from({ length: BATCH_LINES }, (_, i) => ({
    message: `line ${i} of a batch that many share`,
    n: i,
  }));
  const batch = JSON.stringify({ labels: { service: "ws" }, entries: lines });
  const batches = await link.flood({
    messages: Math.max(8, scale.singles / 100),
    atOnce: BATCHES_AT_ONCE,
    make: () => batch,
  });
  const paced = await link.paced({
    perTick: (PACED_PER_SECOND * TICK_MS) / 1_000,
    tickMs: TICK_MS,
    seconds: scale.pacedSeconds,
  });
  const tail = await LogLink.open(port);
  const delays = await tail.tailed({
    writer: link,
    perTick: (TAILED_PER_SECOND * TICK_MS) / 1_000,
    tickMs: TICK_MS,
    seconds: scale.pacedSeconds,
  });
  tail.close();
  link.close();
  return {
    singles,
    batchLines: batches * BATCH_LINES,
    ackP99Ms: percentile(ascending(paced), 0.99),
    tailP99Ms: percentile(ascending(delays), 0.99),
  };
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
