// The settings of a server: what there is, what each is without being set, and how text becomes a value.
import { engineLimits, fleetLimits, logLimits, metricLimits, terminalLimits } from "@sluice/core";
import { auditLimits, identityLimits } from "@sluice/core/identity";
import type { IdentitySettings } from "@sluice/core/identity";
import { sqliteLimits } from "@sluice/core/store/sqlite";
import { parseDuration } from "@sluice/protocol";
import { workerLimits } from "@sluice/worker/child";
import { isNetwork } from "./address.ts";
import { checkpointsVariable } from "./config-audit.ts";
import type { AuditSettings } from "./config-audit.ts";
import { isArchive, logListeners } from "./config-logs.ts";
import type { LogSettings } from "./config-logs.ts";
import type { ScrapeTarget } from "./config-metrics.ts";
import { openidSecretVariable } from "./config-identity.ts";
import { httpLimits } from "./limits.ts";
import { supervisorLimits } from "./supervisor-limits.ts";
import { telemetryLimits } from "./telemetry/limits.ts";
import type { TelemetrySettings } from "./telemetry/limits.ts";

/** Settings with their defaults filled in. Paths are absolute, times in milliseconds. */
export interface ServerSettings {
  readonly project: string;
  readonly data: string;
  readonly host: string;
  readonly port: number;
  /** False: whoever reaches the port may do everything; on loopback only. */
  readonly auth: boolean;
  /** Base of the URLs given out, where it differs from what the server listens on. */
  readonly publicUrl: string | undefined;
  /** Where runs and everything about them are, when they are not in the data folder: `postgres://…`. */
  readonly state: string | undefined;
  readonly durability: "full" | "relaxed";
  readonly onDeploy: "pin" | "move";
  /** Payloads of workflows that say nothing about it are encrypted at rest. */
  readonly encryptPayloads: boolean;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Networks of the proxies whose word about address, host and protocol of a request is taken. */
  readonly trustedProxies: readonly string[];
  /** Files in PEM format: the server then speaks TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Where workers on other machines connect over TCP; absent: nowhere. */
  readonly worker:
    | {
        readonly port: number;
        readonly host: string;
        readonly tls: { readonly cert: string; readonly key: string } | undefined;
      }
    | undefined;
  /** Where build tools reach the cache over gRPC; absent: nowhere. */
  readonly cacheGrpcPort: number | undefined;
  readonly identity: Omit<IdentitySettings, "limits">;
  readonly audit: AuditSettings;
  readonly logs: LogSettings;
  /** Where samples of metrics are asked for. */
  readonly scrape: readonly ScrapeTarget[];
  /** Where traces and metrics go; undefined: nowhere. */
  readonly telemetry: TelemetrySettings | undefined;
  /** Every named limit that was set. */
  readonly limits: Readonly<Record<string, number>>;
}

/** Every named limit and what it is without being set. */
export const limitDefaults: Readonly<Record<string, number>> = {
  ...engineLimits,
  ...workerLimits,
  ...supervisorLimits,
  ...fleetLimits,
  ...logLimits,
  ...metricLimits,
  ...terminalLimits,
  ...httpLimits,
  ...sqliteLimits,
  ...identityLimits,
  ...auditLimits,
  ...telemetryLimits,
};

/** What a value must be; said in the error when it is not. */
export class SettingError extends Error {}

type Parse = (value: unknown) => unknown;

/** One setting: how it is spelled in each place. */
export interface SettingSpec {
  /** In sluice.config.ts; dots are nested objects. */
  readonly key: string;
  readonly env: string;
  readonly flag: string;
  readonly parse: Parse;
}

const text: Parse = (value) => {
  if (typeof value !== "string" || value === "") throw new SettingError("a text that is not empty");
  return value;
};

const port: Parse = (value) => {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new SettingError("a port from 0 to 65535");
  }
  return number;
};

const yesOrNo: Parse = (value) => {
  if (value === true || value === "true" || value === "1" || value === "on") return true;
  if (value === false || value === "false" || value === "0" || value === "off") return false;
  throw new SettingError("true or false");
};

const list: Parse = (value) => {
  const items = typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
  if (!Array.isArray(items) || items.some((item) => typeof item !== "string" || item === "")) {
    throw new SettingError("a list of names");
  }
  return items as string[];
};

const networks: Parse = (value) => {
  const items = list(value) as string[];
  if (!items.every(isNetwork)) throw new SettingError("a list of networks such as 10.0.0.0/8, or addresses");
  return items;
};

const duration: Parse = (value) => {
  try {
    return parseDuration(value as string);
  } catch {
    throw new SettingError('a duration such as "30 days"');
  }
};

const url: Parse = (value) => {
  if (typeof value !== "string" || !/^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/.test(value)) {
    throw new SettingError("a URL that begins with http:// or https://");
  }
  return value.replace(/\/+$/, "");
};

const postgresUrl: Parse = (value) => {
  if (typeof value === "string" && /^postgres(?:ql)?:\/\/[^/\s]+\/[^/?\s]+(?:\?\S*)?$/.test(value)) return value;
  throw new SettingError("a URL such as postgres://user:password@host:5432/database");
};

const share: Parse = (value) => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && number >= 0 && number <= 1) return number;
  throw new SettingError("a number from 0 to 1");
};

function listeners(...protocols: readonly string[]): Parse {
  return (value) => {
    const found = logListeners(value, protocols);
    if (found !== undefined) return found;
    throw new SettingError(
      `a list of addresses such as ${protocols[0] ?? ""}://127.0.0.1:5514 (${protocols.join(" or ")})`,
    );
  };
}

const archive: Parse = (value) => {
  if (isArchive(value)) return value;
  throw new SettingError("a folder, or s3://bucket/prefix with endpoint and region as its query");
};

function oneOf(...words: readonly string[]): Parse {
  return (value) => {
    if (typeof value === "string" && words.includes(value)) return value;
    throw new SettingError(`one of ${words.join(", ")}`);
  };
}

/** A limit: a number, or a duration for those counted in milliseconds. */
export function parseLimit(name: string, value: unknown): number {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number) && number >= 0) return number;
  if (typeof value === "string" && /Ms(?:Max|Min)?$/.test(name)) return duration(value) as number;
  throw new SettingError("a number that is not negative");
}

const spec = (key: string, names: { env: string; flag: string }, parse: Parse): SettingSpec => ({
  key,
  ...names,
  parse,
});

/** Every setting but the limits. */
export const settingSpecs: readonly SettingSpec[] = [
  spec("data", { env: "SLUICE_DATA", flag: "--data" }, text),
  spec("host", { env: "SLUICE_HOST", flag: "--host" }, text),
  spec("port", { env: "SLUICE_PORT", flag: "--port" }, port),
  spec("auth", { env: "SLUICE_AUTH", flag: "--no-auth" }, yesOrNo),
  spec("publicUrl", { env: "SLUICE_PUBLIC_URL", flag: "--public-url" }, url),
  spec("state", { env: "SLUICE_STATE", flag: "--state" }, postgresUrl),
  spec("durability", { env: "SLUICE_DURABILITY", flag: "--durability" }, oneOf("full", "relaxed")),
  spec("onDeploy", { env: "SLUICE_ON_DEPLOY", flag: "--on-deploy" }, oneOf("pin", "move")),
  spec("encryptPayloads", { env: "SLUICE_ENCRYPT_PAYLOADS", flag: "--encrypt-payloads" }, yesOrNo),
  spec("http.allowedHosts", { env: "SLUICE_ALLOWED_HOSTS", flag: "--allowed-host" }, list),
  spec("http.allowedOrigins", { env: "SLUICE_ALLOWED_ORIGINS", flag: "--allowed-origin" }, list),
  spec("http.trustedProxies", { env: "SLUICE_TRUSTED_PROXIES", flag: "--trusted-proxy" }, networks),
  spec("tls.cert", { env: "SLUICE_TLS_CERT", flag: "--tls-cert" }, text),
  spec("tls.key", { env: "SLUICE_TLS_KEY", flag: "--tls-key" }, text),
  spec("worker.port", { env: "SLUICE_WORKER_PORT", flag: "--worker-port" }, port),
  spec("worker.host", { env: "SLUICE_WORKER_HOST", flag: "--worker-host" }, text),
  spec("worker.tlsCert", { env: "SLUICE_WORKER_TLS_CERT", flag: "--worker-tls-cert" }, text),
  spec("worker.tlsKey", { env: "SLUICE_WORKER_TLS_KEY", flag: "--worker-tls-key" }, text),
  spec("cache.grpcPort", { env: "SLUICE_CACHE_GRPC_PORT", flag: "--cache-grpc-port" }, port),
  spec("audit.checkpoints", { env: checkpointsVariable, flag: "--audit-checkpoints" }, text),
  spec("audit.retention", { env: "SLUICE_AUDIT_RETENTION", flag: "--audit-retention" }, duration),
  spec("logs.archive", { env: "SLUICE_LOGS_ARCHIVE", flag: "--logs-archive" }, archive),
  spec(
    "logs.archiveFormat",
    { env: "SLUICE_LOGS_ARCHIVE_FORMAT", flag: "--logs-archive-format" },
    oneOf("chunks", "json"),
  ),
  spec("logs.syslog", { env: "SLUICE_SYSLOG", flag: "--syslog" }, listeners("udp", "tcp")),
  spec("logs.gelf", { env: "SLUICE_GELF", flag: "--gelf" }, listeners("udp", "tcp")),
  spec("logs.fluent", { env: "SLUICE_FLUENT", flag: "--fluent" }, listeners("tcp")),
  spec("retention.runs", { env: "SLUICE_RETENTION_RUNS", flag: "--retention-runs" }, duration),
  spec("telemetry.endpoint", { env: "SLUICE_TELEMETRY_ENDPOINT", flag: "--telemetry-endpoint" }, url),
  spec("telemetry.sample", { env: "SLUICE_TELEMETRY_SAMPLE", flag: "--telemetry-sample" }, share),
  spec("retention.events", { env: "SLUICE_RETENTION_EVENTS", flag: "--retention-events" }, duration),
];

/** Headers of exports, as `name=value,name=value`: one of them may be a key. */
export const telemetryHeadersVariable = "SLUICE_TELEMETRY_HEADERS";

/** Variables that are no settings of the server, or are read elsewhere. */
export const otherVariables: readonly string[] = [
  "SLUICE_PROJECT",
  "SLUICE_TOKEN",
  "SLUICE_URL",
  openidSecretVariable,
  telemetryHeadersVariable,
];

/** Variables with secrets of the server: a database's password is in its URL. */
const secretVariables: ReadonlySet<string> = new Set([
  "SLUICE_TOKEN",
  "SLUICE_STATE",
  openidSecretVariable,
  telemetryHeadersVariable,
]);

/** The environment for processes that execute other people's code: all but the server's own secrets. */
export function environmentForOthers(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secretVariables.has(name)));
}

export const limitVariablePrefix = "SLUICE_LIMITS_";

/** `payloadBytesMax` as `PAYLOAD_BYTES_MAX`. */
export function variableOfLimit(name: string): string {
  return limitVariablePrefix + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
