// Settles the settings of a server: a flag goes before a SLUICE_* variable, that before sluice.config.ts, that before the
// default. A name that is not known is refused with the one that was probably meant.
import { isAbsolute, join, resolve } from "node:path";
import { SluiceError } from "@sluice/protocol";
import {
  limitDefaults,
  limitVariablePrefix,
  otherVariables,
  parseLimit,
  SettingError,
  settingSpecs,
  telemetryHeadersVariable,
  variableOfLimit,
} from "./config-settings.ts";
import type { ServerSettings } from "./config-settings.ts";
import { auditSettings } from "./config-audit.ts";
import { identityKeys, identitySettings } from "./config-identity.ts";
import { logKeys, logSettings } from "./config-logs.ts";
import { metricKeys, scrapeTargets } from "./config-metrics.ts";
import { workerSettings } from "./config-worker.ts";

/** Settings that are read whole, from the file alone. */
const wholeKeys: readonly string[] = [...identityKeys, ...logKeys, ...metricKeys];

export interface SettingSources {
  /** Absolute path of the project. */
  readonly project: string;
  /** By setting (`http.allowedHosts`), and limits as `limits.NAME`. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What sluice.config.ts exports. */
  readonly file: unknown;
  readonly defaults: { readonly onDeploy: "pin" | "move" };
}

/** Where a setting was found. */
export type SettingSource = "flag" | "environment" | "file";

/** Where each setting comes from that is not what it is by default, limits as `limits.NAME`. */
export function sourcesOf(sources: SettingSources): ReadonlyMap<string, SettingSource> {
  const found = new Map<string, SettingSource>();
  for (const key of flatten(sources.file).keys()) found.set(key, "file");
  for (const key of variables(sources.env).keys()) found.set(key, "environment");
  for (const [key, value] of Object.entries(sources.flags)) if (value !== undefined) found.set(key, "flag");
  return found;
}

/** The settings that hold. Throws `invalid_config` naming where the value came from. */
export function settleSettings(sources: SettingSources): ServerSettings {
  const file = flatten(sources.file);
  const env = variables(sources.env);
  const flags = new Map(Object.entries(sources.flags).filter(([, value]) => value !== undefined));
  checkNames([...file.keys()], {
    kind: "setting",
    where: "sluice.config.ts",
    known: [...settingKeys(), ...wholeKeys, ...limitKeys()],
  });
  checkNames([...flags.keys()], {
    kind: "setting",
    where: "the command line",
    known: [...settingKeys(), ...limitKeys()],
  });
  const pick = (key: string, parse: (value: unknown) => unknown): unknown => {
    for (const [source, where] of [
      [flags, "the command line"],
      [env, "the environment"],
      [file, "sluice.config.ts"],
    ] as const) {
      if (source.has(key)) return parsed(key, where, () => parse(source.get(key)));
    }
    return undefined;
  };
  const values = new Map(settingSpecs.map(({ key, parse }) => [key, pick(key, parse)]));
  const limits: Record<string, number> = {};
  for (const name of Object.keys(limitDefaults)) {
    const value = pick(`limits.${name}`, (given) => parseLimit(name, given));
    if (typeof value === "number") limits[name] = value;
  }
  for (const key of wholeKeys) values.set(key, file.get(key));
  return filled(sources, values, limits);
}

function filled(
  sources: SettingSources,
  values: ReadonlyMap<string, unknown>,
  limits: Readonly<Record<string, number>>,
): ServerSettings {
  const { project, defaults } = sources;
  const get = <T>(key: string, fallback: T): T => (values.get(key) as T | undefined) ?? fallback;
  /** A path on the command line or in a variable is the caller's; one in the project's own file is the project's. */
  const pathOf = (path: string, key: string, env: string): string => {
    if (isAbsolute(path)) return path;
    const fromCaller = sources.flags[key] !== undefined || sources.env[env] !== undefined;
    return fromCaller ? resolve(path) : join(project, path);
  };
  const port = get("port", 7890);
  const publicUrl = values.get("publicUrl") as string | undefined;
  const runs = values.get("retention.runs");
  const events = values.get("retention.events");
  const data = pathOf(get("data", ".sluice"), "data", "SLUICE_DATA");
  const settings: ServerSettings = {
    project,
    data,
    host: get("host", "127.0.0.1"),
    port,
    auth: get("auth", true),
    publicUrl,
    durability: get("durability", "full"),
    onDeploy: get("onDeploy", defaults.onDeploy),
    encryptPayloads: get("encryptPayloads", false),
    allowedHosts: get<readonly string[]>("http.allowedHosts", []),
    allowedOrigins: get<readonly string[]>("http.allowedOrigins", []),
    trustedProxies: get<readonly string[]>("http.trustedProxies", []),
    tls: tlsOf(values, pathOf),
    worker: workerSettings({ values, pathOf, isLoopback, auth: get("auth", true) }),
    cacheGrpcPort: values.get("cache.grpcPort") as number | undefined,
    audit: auditSettings(values, { data, pathOf }),
    logs: logSettings(values),
    scrape: scrapeTargets(values.get("metrics.scrape")),
    telemetry: telemetryOf(values, sources.env),
    identity: identitySettings({ values, env: sources.env, publicUrl, port }),
    limits: {
      ...(typeof runs === "number" ? { runRetentionMs: runs } : {}),
      ...(typeof events === "number" ? { eventRetentionMs: events } : {}),
      ...limits,
    },
  };
  if (!settings.auth && !isLoopback(settings.host)) {
    throw new SluiceError({
      code: "invalid_config",
      message: `Without authentication the server listens on loopback only, not on ${settings.host}.`,
      hint: "Leave out --no-auth: the token is SLUICE_TOKEN, or keys/token in the data folder.",
    });
  }
  return settings;
}

function tlsOf(
  values: ReadonlyMap<string, unknown>,
  pathOf: (...[path, key, env]: [string, string, string]) => string,
): ServerSettings["tls"] {
  const cert = values.get("tls.cert") as string | undefined;
  const key = values.get("tls.key") as string | undefined;
  if (cert !== undefined && key !== undefined) {
    return { cert: pathOf(cert, "tls.cert", "SLUICE_TLS_CERT"), key: pathOf(key, "tls.key", "SLUICE_TLS_KEY") };
  }
  if (cert === undefined && key === undefined) return undefined;
  throw new SluiceError({
    code: "invalid_config",
    message: `TLS needs a certificate and its key: ${cert === undefined ? "tls.cert" : "tls.key"} is missing.`,
    hint: "Give both --tls-cert and --tls-key.",
  });
}

/** Where exports go. Headers are in a variable alone, since one of them may be a key. */
function telemetryOf(values: ReadonlyMap<string, unknown>, env: SettingSources["env"]): ServerSettings["telemetry"] {
  const endpoint = values.get("telemetry.endpoint");
  if (typeof endpoint !== "string") return undefined;
  const sample = values.get("telemetry.sample");
  const pairs = (env[telemetryHeadersVariable] ?? "").split(",").filter((pair) => pair.trim() !== "");
  const headers = pairs.map((pair): readonly [string, string] => {
    const at = pair.indexOf("=");
    if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    throw new SluiceError({
      code: "invalid_config",
      message: `${telemetryHeadersVariable} must be name=value,name=value.`,
    });
  });
  return { endpoint, headers: Object.fromEntries(headers), sample: typeof sample === "number" ? sample : 1 };
}

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

function parsed(key: string, where: string, parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new SluiceError({ code: "invalid_config", message: `${key} in ${where} must be ${error.message}.` });
  }
}

function settingKeys(): string[] {
  return settingSpecs.map((spec) => spec.key);
}

function limitKeys(): string[] {
  return Object.keys(limitDefaults).map((name) => `limits.${name}`);
}

/** Nested objects as dotted names; lists, what is not plain, and settings that are objects stay whole. */
function flatten(value: unknown, prefix = ""): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  if (typeof value !== "object" || value === null) return flat;
  for (const [name, item] of Object.entries(value)) {
    const key = prefix + name;
    const whole = wholeKeys.includes(key);
    const nested = typeof item === "object" && item !== null && !Array.isArray(item) && !whole;
    if (nested) for (const [inner, each] of flatten(item, `${key}.`)) flat.set(inner, each);
    else if (item !== undefined) flat.set(key, item);
  }
  return flat;
}

function variables(env: SettingSources["env"]): Map<string, unknown> {
  const keyOf = new Map(settingSpecs.map((spec) => [spec.env, spec.key]));
  for (const name of Object.keys(limitDefaults)) keyOf.set(variableOfLimit(name), `limits.${name}`);
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("SLUICE_") || value === undefined || otherVariables.includes(name)) continue;
    const key = keyOf.get(name);
    if (key === undefined) {
      const known = name.startsWith(limitVariablePrefix) ? [...keyOf.keys()] : [...keyOf.keys(), ...otherVariables];
      checkNames([name], { kind: "variable", where: "the environment", known });
    } else found.set(key, value);
  }
  return found;
}

function checkNames(
  names: readonly string[],
  { kind, where, known }: { readonly kind: string; readonly where: string; readonly known: readonly string[] },
): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new SluiceError({
      code: "invalid_config",
      message: `There is no ${kind} ${name} (in ${where}).`,
      hint: `Did you mean ${closest(name, known)}?`,
    });
  }
}

/** The name with the fewest letters to change (Levenshtein distance). */
export function closest(name: string, known: readonly string[]): string {
  let best = known[0] ?? "";
  let least = Number.POSITIVE_INFINITY;
  for (const each of known) {
    const changes = distance(name.toLowerCase(), each.toLowerCase());
    if (changes >= least) continue;
    least = changes;
    best = each;
  }
  return best;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
