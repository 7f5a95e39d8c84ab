// The settings of logs: where they are listened for besides HTTP, and what entries go through on their way in.
import type { ArchivePlace, PipelineSettings, PipelineStep } from "@sluice/core/logs";
import { SluiceError } from "@sluice/protocol";

/** Where senders that speak no HTTP come to. */
export interface LogListener {
  readonly protocol: "udp" | "tcp";
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Whose entries those are: such senders bring no token. */
  readonly tenant: string;
}

export interface LogSettings {
  readonly syslog: readonly LogListener[];
  readonly gelf: readonly LogListener[];
  readonly fluent: readonly LogListener[];
  readonly pipelines: readonly PipelineSettings[];
  /** Where old days go; undefined: a folder of the data folder. */
  readonly archive: ArchivePlace | undefined;
  readonly archiveFormat: "chunks" | "json" | undefined;
}

/** Everything under `logs` that stands in sluice.config.ts alone. Each is read whole. */
export const logKeys: readonly string[] = ["logs.pipelines"];

const usualTenant = "default";
const tenantShape = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** Addresses as `udp://127.0.0.1:5514?tenant=acme`; undefined for what is none. */
export function logListeners(value: unknown, protocols: readonly string[]): readonly LogListener[] | undefined {
  const texts = typeof value === "string" ? value.split(",").map((each) => each.trim()) : value;
  if (!Array.isArray(texts)) return undefined;
  const found = (texts as unknown[]).map((each) => listenerIn(each, protocols));
  return found.every((each) => each !== undefined) ? found : undefined;
}

function listenerIn(text: unknown, protocols: readonly string[]): LogListener | undefined {
  const [, protocol = "", host = "", port = "", query = ""] =
    /^(udp|tcp):\/\/([\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})\/?(?:\?(.*))?$/.exec(typeof text === "string" ? text : "") ??
    [];
  const parameters = new URLSearchParams(query);
  const tenant = parameters.get("tenant") ?? usualTenant;
  parameters.delete("tenant");
  if (!protocols.includes(protocol) || Number(port) > 65_535 || parameters.size > 0 || !tenantShape.test(tenant)) {
    return undefined;
  }
  return {
    protocol: protocol === "udp" ? "udp" : "tcp",
    host: host.replace(/^\[|\]$/g, ""),
    port: Number(port),
    tenant,
  };
}

/** Whether a value names a place for archives: a folder, or `s3://bucket/prefix?endpoint=URL&region=NAME`. */
export function isArchive(value: unknown): value is string {
  return typeof value === "string" && value !== "" && (!value.startsWith("s3:") || s3PlaceOf(value) !== undefined);
}

function s3PlaceOf(text: string): ArchivePlace | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(url.hostname)) return undefined;
  const query = new Map(url.searchParams);
  const [endpoint, region] = [query.get("endpoint"), query.get("region")];
  const known = [...query.keys()].every((name) => name === "endpoint" || name === "region");
  const isLogin = url.username !== "" || url.password !== "";
  if (!known || isLogin || (endpoint !== undefined && !URL.canParse(endpoint))) return undefined;
  const path = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, "");
  return { kind: "s3", bucket: url.hostname, prefix: path === "" ? "" : `${path}/`, endpoint, region };
}

function archiveAt(value: unknown, pathOf: (path: string) => string): ArchivePlace | undefined {
  if (!isArchive(value)) return undefined;
  return value.startsWith("s3:") ? s3PlaceOf(value) : { kind: "folder", path: pathOf(value) };
}

/** The settings that hold. `pathOf` makes a folder absolute. Throws `invalid_config`. */
export function logSettings(
  values: ReadonlyMap<string, unknown>,
  pathOf: (path: string) => string = (path) => path,
): LogSettings {
  const at = (key: string): readonly LogListener[] => (values.get(key) as readonly LogListener[] | undefined) ?? [];
  return {
    syslog: at("logs.syslog"),
    gelf: at("logs.gelf"),
    fluent: at("logs.fluent"),
    pipelines: pipelinesIn(values.get("logs.pipelines")),
    archive: archiveAt(values.get("logs.archive"), pathOf),
    archiveFormat: values.get("logs.archiveFormat") as LogSettings["archiveFormat"],
  };
}

function wrong(at: string, what: string): SluiceError {
  return new SluiceError({
    code: "invalid_config",
    message: `logs.pipelines${at} in sluice.config.ts must be ${what}.`,
    hint: "docs/logs.md says what pipelines are made of.",
  });
}

type Members = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isTextOrNone = (value: unknown): boolean => value === undefined || isText(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

/** What each step is made of: its own member, and what may stand beside it. */
const stepShapes: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  parse: { parse: isText, from: isTextOrNone },
  rename: { rename: (value) => isObject(value) && Object.values(value).every(isText) },
  redact: {
    redact: isText,
    with: (value) => value === undefined || typeof value === "string",
    in: (value) => value === undefined || isTexts(value),
  },
  drop: { drop: isText },
  sample: { sample: (value) => typeof value === "number" && value >= 0 && value <= 1, by: isTextOrNone },
};

function pipelinesIn(value: unknown): readonly PipelineSettings[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong("", "a list of pipelines");
  return (value as unknown[]).map((each, at) => {
    if (!isObject(each) || !Array.isArray(each["steps"])) throw wrong(`[${at}]`, "an object with `steps`");
    const unknown = Object.keys(each).find((name) => !["tenant", "when", "steps"].includes(name));
    if (unknown !== undefined) throw wrong(`[${at}]`, "an object with tenant, when and steps");
    if (!isTextOrNone(each["tenant"]) || !isTextOrNone(each["when"])) throw wrong(`[${at}]`, "of texts: tenant, when");
    (each["steps"] as unknown[]).forEach((step, place) => checkStep(step, `[${at}].steps[${place}]`));
    return {
      tenant: each["tenant"] as string | undefined,
      when: each["when"] as string | undefined,
      steps: each["steps"] as PipelineStep[],
    };
  });
}

function checkStep(step: unknown, at: string): void {
  const kind = isObject(step) ? Object.keys(stepShapes).find((name) => name in step) : undefined;
  const shape = kind === undefined ? undefined : stepShapes[kind];
  if (!isObject(step) || shape === undefined) throw wrong(at, `one of ${Object.keys(stepShapes).join(", ")}`);
  const named = Object.keys(step).every((name) => Object.hasOwn(shape, name));
  const fits = named && Object.entries(shape).every(([name, isRight]) => isRight(step[name]));
  if (!fits) throw wrong(at, `a ${kind} of ${Object.keys(shape).join(", ")}`);
}
