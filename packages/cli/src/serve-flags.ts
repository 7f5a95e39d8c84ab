// What `sluice up` and `sluice dev` are started with: one table, from which the commands are made, and from which the arguments
// of a server are read without the library that commands are made with. That would stay in its memory for good.
import { resolve } from "node:path";
import { misused } from "./io.ts";
import type { Io } from "./io.ts";
import type { ServeRequest } from "./serve.ts";

export interface ServeOption {
  /** As in the help: `--port <n>`; one without a value in brackets is there or not. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly repeated?: boolean;
  /** Of `up` alone. */
  readonly up?: boolean;
}

export const serveOptions: readonly ServeOption[] = [
  { flags: "--project <dir>", description: "folder with workflows/ (default: SLUICE_PROJECT, else this folder)" },
  { flags: "--data <dir>", description: "data folder (default: <project>/.sluice)" },
  { flags: "--port <n>", description: "port; 0 takes any that is free (default: 7890)" },
  { flags: "--host <address>", description: "address to listen on (default: 127.0.0.1)" },
  { flags: "--no-auth", description: "let everybody do everything; on loopback only" },
  { flags: "--public-url <url>", description: "base of the URLs that are given out" },
  {
    flags: "--durability <mode>",
    description: "what a commit survives: a power cut, or a crash of the process only",
    choices: ["full", "relaxed"],
  },
  {
    flags: "--on-deploy <mode>",
    description: "what runs in flight do when the code changes",
    choices: ["pin", "move"],
  },
  { flags: "--encrypt-payloads", description: "workflows that do not say otherwise keep their payloads encrypted" },
  { flags: "--allowed-host <name>", description: "name this server answers to; may be repeated", repeated: true },
  {
    flags: "--allowed-origin <url>",
    description: "page of another origin that may call; may be repeated",
    repeated: true,
  },
  {
    flags: "--trusted-proxy <network>",
    description: "proxy whose X-Forwarded-* are believed, such as 10.0.0.0/8; may be repeated",
    repeated: true,
  },
  { flags: "--tls-cert <file>", description: "certificate in PEM format; the server then speaks TLS" },
  { flags: "--tls-key <file>", description: "its private key" },
  {
    flags: "--worker-port <n>",
    description: "port for workers on other machines (by convention 7891); 0 takes any that is free",
  },
  { flags: "--worker-host <address>", description: "address for them (default: 127.0.0.1); others need TLS" },
  { flags: "--worker-tls-cert <file>", description: "certificate in PEM format for the workers' port" },
  { flags: "--worker-tls-key <file>", description: "its private key" },
  {
    flags: "--cache-grpc-port <n>",
    description: "port for build tools that reach the cache over gRPC; 0 takes any that is free",
  },
  {
    flags: "--audit-checkpoints <place>",
    description: "file elsewhere, or URL, that signed checkpoints of the audit trail go to",
  },
  {
    flags: "--audit-retention <duration>",
    description: "how long rows of the audit trail are kept (default: for good)",
  },
  {
    flags: "--syslog <address>",
    description: "listen for syslog, as on udp://127.0.0.1:5514; may be repeated",
    repeated: true,
  },
  {
    flags: "--gelf <address>",
    description: "listen for GELF, as on udp://127.0.0.1:12201; may be repeated",
    repeated: true,
  },
  {
    flags: "--fluent <address>",
    description: "listen for Fluent's forward protocol, as on tcp://127.0.0.1:24224; may be repeated",
    repeated: true,
  },
  { flags: "--telemetry-endpoint <url>", description: "where traces and metrics go, over OTLP/HTTP" },
  {
    flags: "--telemetry-sample <share>",
    description: "of the traces that begin here, so many are exported: from 0 to 1",
  },
  { flags: "--retention-runs <duration>", description: "how long ended runs are kept" },
  { flags: "--retention-events <duration>", description: "how long events are kept" },
  { flags: "--limit <name=value>", description: "a named limit; may be repeated", repeated: true },
  { flags: "--json", description: "print one line of JSON when it is ready" },
  {
    flags: "--replace",
    description: "take the place of the server that runs over the data folder, without a failed request",
    up: true,
  },
];

/** Flags by their names in camel case, as commander hands them over. */
export type ServeFlags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

export type ServeMode = ServeRequest["mode"];

/**
 * The flags, where the arguments are nothing but flags that there are, with their values. Undefined for anything else, such as
 * `--help` or a mistake: whoever knows the whole command line says what is wrong.
 */
export function plainFlags(mode: ServeMode, args: readonly string[]): ServeFlags | undefined {
  const known = new Map(
    serveOptions.filter(({ up }) => up !== true || mode === "up").map((each) => [nameOf(each), each]),
  );
  const flags: Record<string, string | string[] | boolean> = {};
  for (let at = 0; at < args.length; at++) {
    const [, name = "", attached] = /^--([a-z-]+)(?:=(.*))?$/s.exec(args[at] ?? "") ?? [];
    const option = known.get(name);
    if (option === undefined) return undefined;
    if (!option.flags.includes("<")) {
      if (attached !== undefined) return undefined;
      flags[camelCase(name.replace(/^no-/, ""))] = !name.startsWith("no-");
      continue;
    }
    const value = attached ?? args[++at];
    if (value === undefined || value === "" || value.startsWith("-")) return undefined;
    if (option.choices?.includes(value) === false) return undefined;
    const key = camelCase(name);
    const before = flags[key];
    flags[key] = option.repeated === true ? [...(Array.isArray(before) ? before : []), value] : value;
  }
  return flags;
}

function nameOf({ flags }: ServeOption): string {
  return flags.slice("--".length).split(" ")[0] ?? "";
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

/** What the server is asked for with these flags. Throws what is wrong with them. */
export function serveRequest(io: Io, mode: ServeMode, flags: ServeFlags): ServeRequest {
  const project = typeof flags["project"] === "string" ? flags["project"] : undefined;
  return {
    mode,
    project: resolve(io.cwd, project ?? io.env["SLUICE_PROJECT"] ?? "."),
    json: flags["json"] === true,
    replace: flags["replace"] === true,
    flags: settingFlags(flags),
  };
}

/** Flags that are settings of another name than their own. */
const settings: Readonly<Record<string, string>> = {
  data: "data",
  port: "port",
  host: "host",
  publicUrl: "publicUrl",
  durability: "durability",
  onDeploy: "onDeploy",
  encryptPayloads: "encryptPayloads",
  allowedHost: "http.allowedHosts",
  allowedOrigin: "http.allowedOrigins",
  trustedProxy: "http.trustedProxies",
  tlsCert: "tls.cert",
  tlsKey: "tls.key",
  workerPort: "worker.port",
  workerHost: "worker.host",
  workerTlsCert: "worker.tlsCert",
  workerTlsKey: "worker.tlsKey",
  cacheGrpcPort: "cache.grpcPort",
  auditCheckpoints: "audit.checkpoints",
  auditRetention: "audit.retention",
  syslog: "logs.syslog",
  gelf: "logs.gelf",
  fluent: "logs.fluent",
  telemetryEndpoint: "telemetry.endpoint",
  telemetrySample: "telemetry.sample",
  retentionRuns: "retention.runs",
  retentionEvents: "retention.events",
};

/** The flags by setting; only those that were given. */
function settingFlags(flags: ServeFlags): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [flag, setting] of Object.entries(settings)) if (flags[flag] !== undefined) given[setting] = flags[flag];
  if (flags["auth"] === false) given["auth"] = false;
  const limits = flags["limit"];
  for (const text of Array.isArray(limits) ? (limits as readonly string[]) : []) {
    const at = text.indexOf("=");
    if (at <= 0) throw misused(`--limit takes NAME=VALUE, not ${text}.`, "Such as --limit concurrentRunsMax=500");
    given[`limits.${text.slice(0, at)}`] = text.slice(at + 1);
  }
  return given;
}
