// The settings that hold as a list for people: what each is, where it comes from, what it is for. Secrets are not in it.
import type { SettingSource } from "./config.ts";
import { identityKeys } from "./config-identity.ts";
import { logKeys } from "./config-logs.ts";
import { metricKeys } from "./config-metrics.ts";
import type { LogListener } from "./config-logs.ts";
import { limitDefaults, settingSpecs } from "./config-settings.ts";
import type { ServerSettings } from "./config-settings.ts";
import { settingsAbout } from "./settings-about.ts";

export interface SettingReport {
  readonly name: string;
  readonly value: unknown;
  readonly source: SettingSource | "default";
  /** Of a value that is a number. */
  readonly unit: string | null;
  readonly about: string;
}

export interface SettingsReport {
  readonly settings: readonly SettingReport[];
  /** Path of the data folder. */
  readonly data: string;
}

/** Limits that have another name as a setting. */
const otherNames: Readonly<Record<string, string>> = {
  "retention.runs": "runRetentionMs",
  "retention.events": "eventRetentionMs",
};

/** What each setting is; each is named here, so that nothing is shown that nobody has looked at. */
const valueOf: Readonly<Record<string, (settings: ServerSettings) => unknown>> = {
  data: ({ data }) => data,
  host: ({ host }) => host,
  port: ({ port }) => port,
  auth: ({ auth }) => auth,
  publicUrl: ({ publicUrl }) => publicUrl,
  durability: ({ durability }) => durability,
  onDeploy: ({ onDeploy }) => onDeploy,
  encryptPayloads: ({ encryptPayloads }) => encryptPayloads,
  "http.allowedHosts": ({ allowedHosts }) => allowedHosts,
  "http.allowedOrigins": ({ allowedOrigins }) => allowedOrigins,
  "http.trustedProxies": ({ trustedProxies }) => trustedProxies,
  "tls.cert": ({ tls }) => tls?.cert,
  "tls.key": ({ tls }) => tls?.key,
  "identity.totp": ({ identity }) => identity.totp,
  "identity.passkeys": ({ identity }) => identity.passkeys ?? false,
  "identity.openid": ({ identity }) => openidOf(identity.openid),
  "identity.ci": ({ identity }) => identity.ci,
  // Of a webhook the path may be a secret too.
  "audit.checkpoints": ({ audit }) => audit.checkpoints && originOf(audit.checkpoints),
  "audit.retention": ({ audit }) => audit.retentionMs,
  "logs.syslog": ({ logs }) => addressesOf(logs.syslog),
  "logs.gelf": ({ logs }) => addressesOf(logs.gelf),
  "logs.fluent": ({ logs }) => addressesOf(logs.fluent),
  "logs.pipelines": ({ logs }) => logs.pipelines,
  // Headers hold tokens.
  "metrics.scrape": ({ scrape }) => scrape.map(({ headers: _secret, ...target }) => target),
  "telemetry.endpoint": ({ telemetry }) => telemetry && originOf(telemetry.endpoint),
  "telemetry.sample": ({ telemetry }) => telemetry?.sample,
  "retention.runs": (settings) => limitOf(settings, "runRetentionMs"),
  "retention.events": (settings) => limitOf(settings, "eventRetentionMs"),
};

function addressesOf(listeners: readonly LogListener[]): readonly string[] {
  return listeners.map(({ protocol, host, port, tenant }) => `${protocol}://${host}:${port}?tenant=${tenant}`);
}

export function reportSettings(settings: ServerSettings, sources: ReadonlyMap<string, SettingSource>): SettingsReport {
  const keys = [...settingSpecs.map(({ key }) => key), ...identityKeys, ...logKeys, ...metricKeys];
  const reported = [
    ...keys.map((key) => report(key, valueOf[key]?.(settings), sourceOf(sources, key, otherNames[key]))),
    ...Object.keys(limitDefaults).map((name) => {
      const other = Object.keys(otherNames).find((key) => otherNames[key] === name);
      return report(`limits.${name}`, limitOf(settings, name), sourceOf(sources, other, name));
    }),
  ];
  return { settings: reported, data: settings.data };
}

function report(name: string, value: unknown, source: SettingReport["source"]): SettingReport {
  const about = settingsAbout[name.replace(/^limits\./, "")] ?? "";
  return {
    name,
    value: withoutPasswords(value ?? null),
    source,
    unit: typeof value === "number" ? unitOf(name) : null,
    about,
  };
}

function limitOf({ limits }: ServerSettings, name: string): number | undefined {
  return limits[name] ?? limitDefaults[name];
}

/** A limit goes before the setting that is the same. */
function sourceOf(
  sources: ReadonlyMap<string, SettingSource>,
  key: string | undefined,
  limit: string | undefined,
): SettingReport["source"] {
  const ofLimit = limit === undefined ? undefined : sources.get(`limits.${limit}`);
  return ofLimit ?? (key === undefined ? undefined : sources.get(key)) ?? "default";
}

const units: readonly (readonly [RegExp, string])[] = [
  [/Ms(?:Max|Min)?$|^retention\.|^audit\.retention$/, "ms"],
  [/Bytes(?:Max|Min)?$/, "bytes"],
  [/Seconds(?:Max|Min)?$/, "s"],
  [/Chars(?:Max|Min)?$/, "characters"],
  [/PerSecondMax$/, "per second"],
  [/PerMinuteMax$/, "per minute"],
  [/Pages(?:Max|Min)?$/, "pages"],
];

function unitOf(name: string): string | null {
  return units.find(([ending]) => ending.test(name))?.[1] ?? null;
}

function openidOf(openid: ServerSettings["identity"]["openid"]): unknown {
  if (openid === undefined) return undefined;
  const { clientSecret: _secret, ...shown } = openid;
  return shown;
}

/** The value without the names and passwords that URLs in it may hold. */
function withoutPasswords(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/(:\/\/)[^/?#\s]*@/g, "$1");
  if (Array.isArray(value)) return value.map(withoutPasswords);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutPasswords(item)]));
}

function originOf(place: string): string {
  return /^https?:\/\//i.test(place) ? new URL(place).origin : place;
}
