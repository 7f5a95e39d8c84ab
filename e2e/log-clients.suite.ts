// Clients of npm that send logs, installed by the tests into a folder of their own, each as a program of Node.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PeerFolder } from "../bench/peer-folder.ts";

const openTelemetry = "0.223.1";
const dependencies = {
  "@elastic/elasticsearch": "8.19.1",
  "@fluent-org/logger": "1.0.10",
  "@opentelemetry/api": "1.9.0",
  "@opentelemetry/api-logs": openTelemetry,
  "@opentelemetry/exporter-logs-otlp-http": openTelemetry,
  "@opentelemetry/exporter-logs-otlp-proto": openTelemetry,
  "@opentelemetry/resources": "2.0.0",
  "@opentelemetry/sdk-logs": openTelemetry,
  "gelf-pro": "1.4.0",
  pino: "10.4.0",
  "pino-loki": "3.0.0",
  snappy: "7.4.3",
  winston: "3.19.0",
  "winston-loki": "6.1.7",
  "winston-syslog": "2.7.1",
};
const folder = join(import.meta.dir, "../node_modules/.cache/log-clients");

/** Undefined when they are there; otherwise why not, and the command that installs them. */
export function installClients(): string | undefined {
  try {
    new PeerFolder({ folder, manifest: { private: true, dependencies } }).install(() => undefined);
    return undefined;
  } catch (error) {
    const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
    return `${String(error)}\nnpm install --prefix ${folder} ${names.join(" ")}`;
  }
}

/** Runs a program of a client to its end, with these variables. */
export async function runClient(name: string, source: string, env: Readonly<Record<string, string>>): Promise<void> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  const child = spawn("node", [file], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}:\n${said}`);
}

const otlp = (exporter: string): string => `
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-${exporter}";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
const { URL: base, TOKEN, RUN, COUNT } = process.env;
const exporter = new OTLPLogExporter({
  url: base + "/v1/logs",
  headers: { authorization: "Bearer " + TOKEN },
  compression: "gzip",
});
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ "service.name": "otel-shop", "process.pid": process.pid }),
  processors: [new BatchLogRecordProcessor({ exporter, maxExportBatchSize: 50 })],
});
const logger = provider.getLogger("lib", "1.0");
for (let n = 0; n < Number(COUNT); n++) {
  logger.emit({
    severityNumber: SeverityNumber.WARN,
    severityText: "WARN",
    body: RUN + " " + n,
    attributes: { n, nested: { ok: true }, list: [1, "two"] },
  });
}
await provider.forceFlush();
await provider.shutdown();
`;

/** A program for each client; it sends COUNT entries whose lines begin with RUN, and ends. */
export const clientPrograms: Readonly<Record<string, string>> = {
  "pino-loki": `
import pino from "pino";
import pinoLoki from "pino-loki";
const { URL: base, TOKEN, RUN, COUNT } = process.env;
const stream = pinoLoki({
  host: base,
  headers: { authorization: "Bearer " + TOKEN },
  labels: { service: "pino-shop" },
  batching: { interval: 1 },
  silenceErrors: false,
});
const logger = pino({ level: "info" }, stream);
for (let n = 0; n < Number(COUNT); n++) logger.warn({ n }, RUN + " " + n);
stream.end();
await new Promise((resolve) => stream.once("close", resolve));
`,
  "winston-loki": `
import winston from "winston";
import LokiTransport from "winston-loki";
const { URL: base, TOKEN, RUN, COUNT } = process.env;
let failed;
const transport = new LokiTransport({
  host: base,
  basicAuth: "anybody:" + TOKEN,
  labels: { service: "winston-shop" },
  interval: 1,
  onConnectionError: (error) => (failed = error),
});
const logger = winston.createLogger({ transports: [transport] });
for (let n = 0; n < Number(COUNT); n++) logger.warn({ message: RUN + " " + n, n });
await transport.flush();
transport.close();
if (failed) throw failed;
process.exit(0);
`,
  elasticsearch: `
import { Client } from "@elastic/elasticsearch";
const { URL: base, TOKEN, RUN, COUNT } = process.env;
const client = new Client({ node: base + "/es", auth: { apiKey: TOKEN } });
await client.info();
await client.indices.putIndexTemplate({ name: "logs-shop", index_patterns: ["logs-shop*"] });
const documents = Array.from({ length: Number(COUNT) }, (_, n) => ({
  "@timestamp": new Date().toISOString(),
  message: RUN + " " + n,
  log: { level: "warn" },
  service: { name: "elastic-shop" },
  n,
}));
const stats = await client.helpers.bulk({
  datasource: documents,
  flushBytes: 5_000,
  onDocument: () => ({ create: { _index: "logs-shop" } }),
  onDrop: ({ error }) => console.log(error),
});
if (stats.failed !== 0 || stats.successful !== Number(COUNT)) throw new Error(JSON.stringify(stats));
const { errors, items } = await client.bulk({
  operations: [{ create: { _index: "logs-shop" } }, { "@timestamp": "never" }, { create: { _index: "logs-shop" } }, { message: "beside" }],
});
if (!errors || items[0].create.status !== 400 || items[1].create.status !== 201) throw new Error(JSON.stringify(items));
`,
  "otlp-http": otlp("http"),
  "otlp-proto": otlp("proto"),
  "winston-syslog": `
import winston from "winston";
import { Syslog } from "winston-syslog";
const { SYSLOG_UDP, RUN, COUNT } = process.env;
const transport = new Syslog({ host: "127.0.0.1", port: Number(SYSLOG_UDP), protocol: "udp4", app_name: "syslog-shop", localhost: "here", type: process.env.KIND ?? "BSD" });
const logger = winston.createLogger({ levels: winston.config.syslog.levels, transports: [transport], format: winston.format.printf(({ message }) => message) });
for (let n = 0; n < Number(COUNT); n++) logger.warning(RUN + " " + n);
const closed = new Promise((resolve) => transport.once("closed", resolve));
transport.close();
await closed;
process.exit(0);
`,
  "gelf-pro": `
import gelf from "gelf-pro";
const { GELF_UDP, GELF_TCP, RUN, COUNT } = process.env;
const send = (message, extra) =>
  new Promise((resolve, reject) => gelf.warning(message, extra, (error) => (error ? reject(error) : resolve())));
for (const [adapterName, port] of [["udp", GELF_UDP], ["tcp", GELF_TCP]]) {
  gelf.setConfig({ fields: { service: "gelf-shop" }, adapterName, adapterOptions: { host: "127.0.0.1", port: Number(port) } });
  for (let n = 0; n < Number(COUNT) / 2; n++) {
    // Every tenth is so long that it takes several datagrams.
    const filler = n % 10 === 0 ? Array.from({ length: 6_000 }, () => Math.random().toString(36).slice(2, 3)).join("") : "";
    await send(RUN + " " + adapterName + " " + n, { n, filler });
  }
}
process.exit(0);
`,
  fluent: `
import { FluentClient, EventTime } from "@fluent-org/logger";
const { FLUENT_TCP, RUN, COUNT } = process.env;
const modes = ["Message", "Forward", "PackedForward", "CompressedPackedForward"];
for (const eventMode of modes) {
  const client = new FluentClient("shop." + eventMode, {
    eventMode,
    socket: { host: "127.0.0.1", port: Number(FLUENT_TCP), timeout: 10_000 },
    ack: { ackTimeout: 30_000 },
  });
  await client.connect();
  const sent = [];
  for (let n = 0; n < Number(COUNT) / modes.length; n++) {
    sent.push(client.emit("app", { message: RUN + " " + eventMode + " " + n, level: "warn", service: "fluent-shop", n }, EventTime.now()));
  }
  await Promise.all(sent);
  await client.shutdown();
}
`,
};
