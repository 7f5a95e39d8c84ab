// Debian's Prometheus beside Sluice: it writes its samples here, is scraped, checks what programs recorded, and answers the same queries
// over the same samples in the same way.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { fetchPrometheus, promtool } from "./debian-shippers.suite.ts";
import { differenceOf, oracleQueries, oracleSamples, remoteWrite } from "./prometheus-oracle.suite.ts";
import type { PromAnswer } from "./prometheus-oracle.suite.ts";
import { token, writeProject } from "./server-process.ts";

// Bun's tests have to know at once what is skipped.
const refusal = fetchPrometheus();
if (refusal !== undefined) console.warn(`skipped: no Prometheus: ${refusal}`);

const seed = Number(process.env["PROMQL_SEED"] ?? 1);
const queriesMin = 300;
const timeoutMs = 180_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

describe.skipIf(refusal !== undefined)("Prometheus", () => {
  let folder = "";
  let running: Running;
  let ours = "";
  let theirs = "";
  let prometheus: ReturnType<typeof spawn>;
  let said = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-prometheus-"));
    theirs = `http://127.0.0.1:${await freePort()}`;
    const project = join(folder, "project");
    const scrape = [{ job: "scraped", url: `${theirs}/metrics`, every: "1s" }];
    writeProject(project, {
      "workflows/none.ts": "export {};\n",
      "sluice.config.ts": `export default { metrics: { scrape: ${JSON.stringify(scrape)} } };\n`,
    });
    running = startSluice(["up", "--project", project, "--port", "0", "--json"], { env: { SLUICE_TOKEN: token } });
    ours = (await readyLine(running)).url;
    const config = join(folder, "prometheus.yml");
    writeFileSync(
      config,
      `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: self, static_configs: [{ targets: ["${new URL(theirs).host}"] }] }]
storage: { tsdb: { out_of_order_time_window: 3h } }
remote_write: [{ url: "${ours}/prom/api/v1/write", authorization: { credentials: "${token}" } }]
`,
    );
    mkdirSync(join(folder, "data"));
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, "data")}`];
    args.push(`--web.listen-address=${new URL(theirs).host}`, "--web.enable-remote-write-receiver");
    prometheus = spawn(join(dirname(promtool), "prometheus"), args, {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    prometheus.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until(async () => (await fetch(`${theirs}/-/ready`)).ok);
  }, timeoutMs);
  afterAll(async () => {
    prometheus.kill("SIGKILL");
    await stop(running);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits for a condition; what fails meanwhile is not there yet. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    for (;;) {
      if (prometheus.exitCode !== null) throw new Error(`Prometheus ended:\n${said}`);
      if (await isSo().catch(() => false)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const headers = { authorization: `Bearer ${token}` };
  async function ask(base: string, path: string): Promise<PromAnswer> {
    const response = await fetch(base + path, { headers });
    return (await response.json()) as PromAnswer;
  }
  const asked = (query: string): Promise<PromAnswer> =>
    ask(ours, `/prom/api/v1/query?${new URLSearchParams({ query }).toString()}`);

  test("writes its samples here, and is scraped", async () => {
    for (const query of ['up{job="self"} == 1', 'up{job="scraped"} == 1', 'prometheus_build_info{job="scraped"}'])
      await until(async () => ((await asked(query)).data.result as unknown[]).length === 1);
  }, 60_000);

  test("finds nothing wrong with what /metrics shows", async () => {
    const body = JSON.stringify({ metrics: [{ name: "took_ms", value: 5, labels: { a: 'x"\\\n' } }] });
    const type = { "content-type": "application/json" };
    const recorded = await fetch(`${ours}/api/v1/metrics`, { method: "POST", body, headers: { ...headers, ...type } });
    expect(recorded.status).toBe(200);
    const text = await (await fetch(`${ours}/metrics`, { headers })).text();
    expect(text).toContain("took_ms_bucket");
    const checked = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
    // Its advice on names is not about the text.
    const wrong = `${checked.stdout}${checked.stderr}`.split("\n").filter((line) => /error|parse/i.test(line));
    expect([checked.status === 0 || checked.status === 3, wrong]).toEqual([true, []]);
  }, 60_000);

  test(
    "answers the same queries over the same samples in the same way",
    async () => {
      // Whole minutes, an hour ago: no moment is the present.
      const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
      const samples = oracleSamples({ seed, startMs });
      for (const part of samples.batches) {
        const sent = { method: "POST", body: remoteWrite(part) };
        const form = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
        const version = { "x-prometheus-remote-write-version": "0.1.0" };
        const mine = await fetch(`${ours}/prom/api/v1/write`, { ...sent, headers: { ...headers, ...form } });
        const other = await fetch(`${theirs}/api/v1/write`, { ...sent, headers: { ...form, ...version } });
        expect([mine.status, other.status, await other.text()]).toEqual([204, 204, ""]);
      }
      const queries = oracleQueries({ seed, startMs });
      expect(queries.length).toBeGreaterThanOrEqual(queriesMin);
      const different: string[] = [];
      let filled = 0;
      for (const path of queries) {
        const [mine, other] = await Promise.all([ask(ours, `/prom/api/v1/${path}`), ask(theirs, `/api/v1/${path}`)]);
        if (Array.isArray(other.data?.result) && other.data.result.length > 0) filled++;
        const difference = differenceOf(mine, other);
        if (difference !== undefined) different.push(`${decodeURIComponent(path)}: ${difference}`);
      }
      expect(different).toEqual([]);
      expect(filled).toBeGreaterThan(queries.length / 2);
    },
    timeoutMs,
  );
});
