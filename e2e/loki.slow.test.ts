// Our answers held against those of a real Grafana Loki: the same lines pushed to both, 500 seeded questions in LogQL asked of both;
// and logcli as a client of ours, following too.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { lokiPrograms, missingLoki } from "./loki-build.ts";
import { corpusOf, corpusSeconds, questionsOf } from "./loki-questions.suite.ts";
import type { Question } from "./loki-questions.suite.ts";
import { writeProject } from "./server-process.ts";

const seed = Number(process.env["LOKI_SEED"] ?? 1);
const questionCount = 500;
const lookAgainMs = 100;
// Bun's tests have to know at once what is skipped.
const refusal = missingLoki();
if (refusal !== undefined) console.warn(`skipped: no Loki; build it with: ${refusal}`);

/** Not older than Loki takes, and over: nothing falls out of a window while questions are asked. */
const baseS = Math.floor(Date.now() / 60_000) * 60 - corpusSeconds - 300;

describe.skipIf(refusal !== undefined)("beside a real Loki", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-loki-"));
  const token = "loki-oracle-token-0123456789abcdef";
  let [ours, theirs] = ["", ""];
  let server: Running | undefined;
  let loki: Bun.Subprocess | undefined;

  beforeAll(async () => {
    const [port, grpc] = [await freePort(), await freePort()];
    const config = join(work, "loki.yaml");
    writeFileSync(config, lokiConfig(port, grpc));
    loki = Bun.spawn([lokiPrograms.loki, `-config.file=${config}`], { stdout: "ignore", stderr: "ignore" });
    theirs = `http://127.0.0.1:${port}`;
    writeProject(join(work, "shop"), { "workflows/none.ts": "export {};\n" });
    server = startSluice(["up", "--project", join(work, "shop"), "--port", "0", "--json"], {
      env: { SLUICE_TOKEN: token },
    });
    ours = (await readyLine(server)).url;
    while (!(await isReady(theirs))) await Bun.sleep(lookAgainMs);
    const streams = corpusOf(seed, baseS);
    for (const url of [ours, theirs]) {
      const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
      const sent = await fetch(`${url}/loki/api/v1/push`, {
        method: "POST",
        headers,
        body: JSON.stringify({ streams }),
      });
      expect([url === ours, sent.status, await sent.text()]).toEqual([url === ours, 204, ""]);
    }
  }, 180_000);
  afterAll(async () => {
    loki?.kill("SIGKILL");
    await loki?.exited;
    if (server !== undefined) await stop(server);
    rmSync(work, { recursive: true, force: true });
  });

  async function ask(url: string, { path, params }: Question): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/loki/api/v1/${path}?${new URLSearchParams(params).toString()}`, { headers });
    const text = await answer.text();
    if (answer.status !== 200) return { status: answer.status };
    return comparable(params["query"] ?? "", (JSON.parse(text) as { readonly data: Data }).data);
  }

  test("500 questions have the same answers", async () => {
    const different: object[] = [];
    let [meaning, refused] = [0, 0];
    for (const question of questionsOf(seed, { count: questionCount, baseS })) {
      const [a, b] = [await ask(ours, question), await ask(theirs, question)];
      if (JSON.stringify(b).length > 60) meaning++;
      if (JSON.stringify(b).includes('status":4')) refused++;
      if (!Bun.deepEquals(a, b)) different.push({ question, ours: a, theirs: b });
    }
    if (different.length > 0)
      writeFileSync(join(tmpdir(), "sluice-loki-different.json"), JSON.stringify(different, null, 1));
    expect(different.map((each) => (each as { readonly question: Question }).question.params["query"])).toEqual([]);
    // Most questions meet something, or this would show little.
    expect(meaning).toBeGreaterThan(questionCount * 0.6);
    expect(refused).toBeLessThan(questionCount * 0.1);
  }, 400_000);

  function logcli(...args: readonly string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    return Bun.spawn([lokiPrograms.logcli, `--addr=${ours}`, `--bearer-token=${token}`, "--quiet", ...args], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  test("logcli pages through everything, once each", async () => {
    const [from, to] = [baseS, baseS + corpusSeconds].map((s) => new Date(s * 1_000).toISOString());
    const span = [`--from=${from}`, `--to=${to}`];
    const ran = logcli("query", '{env=~".+"}', ...span, "--limit=0", "--batch=50", "--output=raw", "--forward");
    const lines = (await ran.stdout.text()).trimEnd().split("\n");
    expect(await ran.exited).toBe(0);
    const wanted = corpusOf(seed, baseS).flatMap(({ values }) => values.map(([, line]) => line));
    expect(lines.toSorted()).toEqual(wanted.toSorted());
    const labels = logcli("labels", "app", ...span);
    expect((await labels.stdout.text()).trim().split("\n")).toEqual(["cart", "mail", "shop"]);
  }, 60_000);

  test("logcli follows what comes", async () => {
    const tail = logcli("query", '{app="live"} |= "wanted" | logfmt | n > 1', "--tail", "--output=raw");
    const reader = tail.stdout.getReader();
    const decoder = new TextDecoder();
    const heard = { said: "" };
    // Until it is connected nothing comes: it is sent again until something does.
    const sending = (async () => {
      for (let n = 0; tail.exitCode === null && heard.said === ""; n++) {
        const values = [[`${Date.now()}000000`, `wanted n=${n}`]];
        const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
        const body = JSON.stringify({ streams: [{ stream: { app: "live" }, values }] });
        await fetch(`${ours}/loki/api/v1/push`, { method: "POST", headers, body });
        await Bun.sleep(lookAgainMs);
      }
    })();
    while (!heard.said.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) break;
      heard.said += decoder.decode(value);
    }
    tail.kill("SIGKILL");
    await Promise.all([sending, tail.exited]);
    expect(heard.said).toMatch(/wanted n=\d+\n/);
    expect(heard.said).not.toMatch(/n=[01]\n/);
  }, 60_000);
});

interface Data {
  readonly resultType: string;
  readonly result: unknown;
}

/** In an order that is the same for the same answer, with values as numbers; without what docs/logs.md says is another there. */
function comparable(query: string, { resultType, result }: Data): unknown {
  if (resultType === "scalar") return { resultType, value: roundOf((result as [number, string])[1]) };
  const rows = (result as Record<string, unknown>[]).map((row): readonly [labels: unknown, values: unknown[]] => {
    const labels = Object.entries((row["metric"] ?? row["stream"]) as Record<string, string>)
      // The words in which a failure is told are each one's own.
      .map(([name, value]) => [name, name === "__error_details__" ? "" : value] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    if (resultType === "streams") {
      // Lines that a template has made equal are one there, where they are of one moment.
      return [labels, [...new Set((row["values"] as unknown[]).map((value) => JSON.stringify(value)))].toSorted()];
    }
    const points = (row["values"] ?? [row["value"]]) as [number, string][];
    return [labels, points.map(([at, value]) => [Math.round(at * 1_000), roundOf(value)])];
  });
  // Which of equals are among the first so many nobody says.
  if (/^(?:topk|bottomk)/.test(query))
    return {
      resultType,
      points: rows.flatMap(([, points]) => points.map((point) => JSON.stringify(point))).toSorted(),
    };
  return { resultType, rows: rows.toSorted((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1)) };
}

/** Sums in another order differ in their last digits. */
function roundOf(text: string): string {
  const value = Number(text);
  return Number.isFinite(value) ? Number(value.toPrecision(10)).toString() : text;
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function lokiConfig(port: number, grpc: number): string {
  const data = mkdtempSync(join(tmpdir(), "sluice-loki-data-"));
  return `
auth_enabled: false
server: { http_listen_address: 127.0.0.1, http_listen_port: ${port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}, log_level: error }
common:
  path_prefix: ${data}
  replication_factor: 1
  instance_addr: 127.0.0.1
  ring: { kvstore: { store: inmemory } }
  storage: { filesystem: { chunks_directory: ${data}/chunks, rules_directory: ${data}/rules } }
schema_config:
  configs: [{ from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: { prefix: index_, period: 24h } }]
ingester: { lifecycler: { min_ready_duration: 0s, final_sleep: 0s } }
limits_config: { discover_service_name: [], split_queries_by_interval: 24h, query_ready_index_num_days: 0, max_query_parallelism: 1 }
query_range: { align_queries_with_step: false, cache_results: false }
analytics: { reporting_enabled: false }
`;
}
