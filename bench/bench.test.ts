import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesOnDisk } from "./disk.ts";
import { HttpClient, parseAnswer } from "./http-client.ts";
import { UsageError } from "./options.ts";
import { ascending, median, percentile, shown, summarize } from "./statistics.ts";
import { judge } from "./workflow/bars.ts";
import type { CaseContext } from "./workflow/cases/case.ts";
import { measureSteps1000 } from "./workflow/cases/steps1000.ts";
import { contenders } from "./workflow/contender.ts";
import { metrics } from "./workflow/metrics.ts";
import { parseOptions } from "./workflow/options.ts";
import { renderReport, type Report, reportOf } from "./workflow/report.ts";
import { fullScale, quickScale } from "./workflow/scale.ts";
import { Tally } from "./workflow/tally.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
const mainFile = join(import.meta.dir, "main.ts");

describe("statistics", () => {
  test("percentiles are nearest-rank", () => {
    expect(summarize(hundred)).toEqual({ count: 100, min: 1, p50: 50, p95: 95, p99: 99, max: 100 });
    expect(summarize([7])).toEqual({ count: 1, min: 7, p50: 7, p95: 7, p99: 7, max: 7 });
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
    expect(percentile([1, 2, 3, 4], 0.51)).toBe(3);
    expect(() => percentile([], 0.5)).toThrow();
  });

  test("the median is the middle, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 2, 4])).toBe(3);
    expect(() => median([])).toThrow();
  });

  test("values are sorted as numbers and left as they were", () => {
    const values = [10, 9, 1];
    expect(ascending(values)).toEqual([1, 9, 10]);
    expect(values).toEqual([10, 9, 1]);
  });

  test("numbers are shown with three digits", () => {
    expect([0.1234, 1.234, 12.34, 1234.5, Number.NaN].map(shown)).toEqual(["0.123", "1.23", "12.3", "1,235", "–"]);
  });
});

describe("the HTTP client", () => {
  const head = "HTTP/1.1 201 Created\r\n";

  test("waits for the whole of an answer", () => {
    const bytes = Buffer.from(`${head}Content-Length: 4\r\n\r\nübe`);
    for (let end = 0; end < bytes.length; end += 1) expect(parseAnswer(bytes.subarray(0, end))).toBeUndefined();
    expect(parseAnswer(bytes)).toEqual({ status: 201, body: "übe" });
  });

  test("reads a body in chunks", () => {
    const bytes = Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n`);
    for (let end = 0; end < bytes.length; end += 1) expect(parseAnswer(bytes.subarray(0, end))).toBeUndefined();
    expect(parseAnswer(bytes)).toEqual({ status: 201, body: "abc0123456789" });
  });

  test("gives every caller its own answer over few connections, and says when the server is gone", async () => {
    const connections = new Set<number>();
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request, own) => {
        connections.add(own.requestIP(request)?.port ?? 0);
        return new Response((await request.text()).repeat(1_000), {
          status: request.headers.has("x-test") ? 200 : 400,
        });
      },
    });
    const client = new HttpClient({ port: server.port ?? 0, connectionsMax: 4, headers: { "x-test": "1" } });
    const answers = await Promise.all(hundred.map((number) => client.request("POST", "/", number)));
    expect(answers).toEqual(hundred.map((number) => ({ status: 200, body: `${number}`.repeat(1_000) })));
    expect(connections.size).toBeLessThanOrEqual(4);
    await server.stop(true);
    const after = client.request("GET", "/").then(
      () => "answered",
      () => "refused",
    );
    expect(await after).toBe("refused");
  });
});

describe("the tally", () => {
  const specs = contenders.filter((spec) => ["sluice-embedded", "restate", "graphile-worker"].includes(spec.name));

  function filled(): Tally {
    const tally = new Tally(specs, ["steps3", "throughput", "parked"]);
    for (const [round, value] of [5, 1, 3].entries()) {
      tally.add("sluice-embedded", round, [{ type: "figure", metric: "steps3.p50Ms", value, samples: [value, value] }]);
      tally.add("restate", round, [{ type: "figure", metric: "steps3.p50Ms", value: value * 10 }]);
    }
    tally.add("sluice-embedded", 0, [{ type: "figure", metric: "runs256.perSecond", value: 20_000 }]);
    return tally;
  }

  test("makes the median of the rounds and keeps what it was made of", () => {
    const tally = filled();
    expect(tally.outcomes()["sluice-embedded"]?.figures["steps3.p50Ms"]).toEqual({ median: 3, rounds: [5, 1, 3] });
    expect(tally.samples["sluice-embedded"]?.["steps3.p50Ms"]).toEqual([
      [5, 5],
      [1, 1],
      [3, 3],
    ]);
    expect(tally.failed).toBe(false);
  });

  test("a contender that failed is in the report", () => {
    const tally = filled();
    tally.add("restate", 1, [{ type: "failed", case: "throughput", error: "it hung" }]);
    expect(tally.failed).toBe(true);
    const text = renderReport(report(tally));
    expect(text).toContain("Restate FAILED at throughput in round 2: it hung");
    expect(text).toMatch(/256 callers +\| +20,000 \| +failed \| +– \|/);
    expect(text).toContain("graphile-worker, no figure: has no waits inside a job");
  });

  test("bars are judged absolute and against Restate, and not at all without figures", () => {
    const results = judge(filled().outcomes());
    const bar = (label: string) => results.find((result) => result.label === label);
    expect(bar("3-step run p50 ms, embedded")).toMatchObject({ kind: "absolute", measured: 3, met: false });
    expect(bar("3-step run p50 over Restate's, embedded")).toMatchObject({ kind: "ratio", measured: 0.1, met: true });
    expect(bar("runs/s at 256, embedded")).toMatchObject({ measured: 20_000, met: true });
    expect(bar("runs/s at 256 over Restate's, embedded")).toMatchObject({ measured: null, met: null });
  });

  function report(tally: Tally): Report {
    return reportOf({
      date: "2026-01-01 00:00",
      command: "bench",
      quick: true,
      rounds: 3,
      cases: ["steps3", "throughput", "parked"],
      scale: quickScale,
      machine: { cores: 2, cpu: "a cpu", memoryGb: 8, system: "Linux", bun: Bun.version },
      fsync: { p50: 0.1, p99: 1 },
      dataInMemory: false,
      contenders: tally.outcomes(),
    });
  }
});

test("the case of 1,000 steps compares steps 951 to 1,000 with steps 51 to 100", async () => {
  const reported = new Map<string, number>();
  const contender = { run: () => Promise.resolve(Array.from({ length: 1_000 }, (_, index) => index + 1)) };
  const report: CaseContext["report"] = (name, value) => void reported.set(name, value);
  const context = { contender, scale: fullScale, key: () => "k", report } as unknown as CaseContext;
  await measureSteps1000(context);
  expect(Object.fromEntries(reported)).toEqual({
    "steps1000.stepMs": 500.5,
    "steps1000.earlyMs": 75.5,
    "steps1000.lateMs": 975.5,
    "steps1000.growth": 975.5 / 75.5,
  });
});

describe("options", () => {
  test("without any, everybody is measured in every case, three rounds, with the counts that were asked for", () => {
    const { contenders: all, cases, rounds, scale } = parseOptions([]);
    expect(all).toEqual(contenders);
    expect(new Set(cases)).toEqual(new Set(Object.values(metrics).map((metric) => metric.case)));
    expect(rounds).toBe(3);
    expect(scale).toMatchObject({ idleMs: 30_000, recoveryRuns: 10_000 });
  });

  test("a group of contenders is chosen by the beginning of its name", () => {
    const { contenders: chosen, saveAs } = parseOptions(["--only", "sluice,dbos-queued"]);
    expect(chosen.map((spec) => spec.name)).toEqual(["sluice-embedded", "sluice-http", "dbos-queued"]);
    expect(saveAs).toBeUndefined();
    expect(parseOptions([]).saveAs).toBe("workflow");
    expect(parseOptions(["--cases", "tenant", "--save-as", "flow"]).saveAs).toBe("flow");
  });

  test.each(["--only nobody", "--cases none", "--rounds 0", "--idle-seconds x", "--save-as ../x", "--wrong"])(
    "%s is refused",
    (text) => {
      expect(() => parseOptions(text.split(" "))).toThrow(UsageError);
    },
  );
});

test("a folder's size on disk includes what is in its folders", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep", "file"), Buffer.alloc(100_000, 1));
    expect(bytesOnDisk(folder)).toBeGreaterThanOrEqual(100_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("npm run bench", () => {
  test("a wrong call says so and exits with 2", () => {
    for (const args of [[], ["nothing"], ["workflow", "--only", "nobody"], ["server", "--only", "nobody"]]) {
      const ran = Bun.spawnSync([process.execPath, mainFile, ...args]);
      expect(ran.exitCode).toBe(2);
      expect(ran.stderr.toString()).toContain("npm run bench");
    }
  });
});
