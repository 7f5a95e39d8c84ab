import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricLimits } from "@sluice/core";
import { openMetrics } from "./metric-desk.ts";
import type { MetricDesk } from "./metric-desk.ts";
import { Scraper } from "./scraper.ts";

let nowMs = 1_700_000_000_000;
const clock = { now: () => nowMs, after: () => () => undefined };
let folder = "";
let desk: MetricDesk;
let said: string[] = [];
const log = (_level: string, message: string) => void said.push(message);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-scraper-"));
  said = [];
  desk = await openMetrics({ folder, clock, log, limits: metricLimits, scrape: [] });
});
afterEach(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

const values = async (query: string) => {
  const answer = await desk.store.query(query, { fromMs: nowMs, toMs: nowMs, stepMs: 0 });
  if (!("series" in answer)) throw new Error(JSON.stringify(answer));
  return answer.series.map(({ labels, points }) => [labels["__name__"] ?? "", points[0]?.[1]]);
};

const serve = (answer: (request: Request) => Response) =>
  Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => answer(request) });
const scraperOf = (url: string, limits = metricLimits) => {
  const target = { job: "api", url, everyMs: 1_000, labels: { zone: "a" }, headers: { "x-key": "k" } };
  return new Scraper({ store: desk.store, clock, log, limits, target });
};

describe("a target", () => {
  test("is asked for its samples, which carry who it is; what it shows no more has ended", async () => {
    let text = "depth 5\ngone 1\n";
    let seen = "";
    using server = serve((request) => {
      seen = request.headers.get("x-key") ?? "";
      return new Response(text);
    });
    const scraper = scraperOf(`http://127.0.0.1:${server.port ?? 0}/metrics`);
    await scraper.scrape();
    expect(
      await values(`{job="api",zone="a",instance="127.0.0.1:${server.port ?? 0}",__name__=~"depth|gone|up"}`),
    ).toEqual([
      ["depth", 5],
      ["gone", 1],
      ["up", 1],
    ]);
    expect([seen, await values("scrape_samples_scraped")]).toEqual(["k", [["scrape_samples_scraped", 2]]]);
    nowMs += 1_000;
    text = "depth 6\n";
    await scraper.scrape();
    expect(await values('{__name__=~"depth|gone"}')).toEqual([["depth", 6]]);
  });

  test("that does not answer is down, said once, and its series have ended", async () => {
    let status = 200;
    using server = serve(() => new Response("depth 5\n", { status }));
    const scraper = scraperOf(`http://127.0.0.1:${server.port ?? 0}/metrics`);
    await scraper.scrape();
    status = 500;
    for (let i = 0; i < 2; i++) {
      nowMs += 1_000;
      await scraper.scrape();
    }
    expect(await values('{__name__=~"depth|up"}')).toEqual([["up", 0]]);
    expect(said).toEqual(["a target of metrics does not answer"]);
  });

  test("that answers with too much is given up", async () => {
    using server = serve(() => new Response("a 1\n".repeat(1_000)));
    await scraperOf(`http://127.0.0.1:${server.port ?? 0}/metrics`, {
      ...metricLimits,
      metricBodyBytesMax: 100,
    }).scrape();
    expect(await values("up")).toEqual([["up", 0]]);
  });

  test("is asked from the start on, and not after the end", async () => {
    const asked = Promise.withResolvers<void>();
    using server = serve(() => {
      asked.resolve();
      return new Response("a 1\n");
    });
    const target = { job: "api", url: String(server.url), everyMs: 1_000, labels: {}, headers: {} };
    const other = join(folder, "other");
    const own = await openMetrics({ folder: other, clock, log, limits: metricLimits, scrape: [target] });
    await asked.promise;
    await own.close();
    expect(said).toEqual([]);
  });
});
