// Where an embedded engine keeps its data and what it listens on: what the program says, else the environment, else the defaults
// of cronflow's documentation. Its variables are understood as far as they still mean something here.
import { dirname, join } from "node:path";
import { SluiceError } from "@sluice/protocol";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface WebhookServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 3000; 0 takes a free one. */
  readonly port?: number;
  /** Requests at the same time; further ones get 503. Default 1,000. */
  readonly maxConnections?: number;
}

export interface StartOptions extends WebhookServerOptions {
  /** Listens also where no workflow has a webhook; `false` never does. */
  readonly webhookServer?: WebhookServerOptions | false;
  /** Data folder. Default: `.sluice`, or `SLUICE_DATA`. */
  readonly data?: string;
}

export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
}

const portDefault = 3000;
const maxConnectionsDefault = 1_000;

/** The data folder. */
export function dataFolder(options: StartOptions, env: Environment): string {
  const { SLUICE_DATA: data, CRONFLOW_DB_PATH: file } = env;
  return options.data ?? data ?? (file === undefined ? ".sluice" : join(dirname(file), "sluice"));
}

/** What to listen on; undefined where nothing is to be listened on. */
export function serverSettings(
  options: StartOptions,
  env: Environment,
  hasWebhooks: boolean,
): ServerSettings | undefined {
  const { webhookServer } = options;
  if (webhookServer === false) return undefined;
  const asked = webhookServer !== undefined || options.port !== undefined || options.host !== undefined;
  if (!asked && !hasWebhooks) return undefined;
  const given = { ...options, ...webhookServer };
  return {
    host: given.host ?? env["CRONFLOW_WEBHOOK_HOST"] ?? "127.0.0.1",
    port: given.port ?? whole(env, "CRONFLOW_WEBHOOK_PORT") ?? portDefault,
    maxConnections: given.maxConnections ?? whole(env, "CRONFLOW_WEBHOOK_MAX_CONNECTIONS") ?? maxConnectionsDefault,
  };
}

/** Limits of the engine that the environment sets. */
export function limitsOf(env: Environment): Readonly<Record<string, number>> {
  const limits = {
    concurrentRunsMax: whole(env, "CRONFLOW_MAX_CONCURRENT_STEPS") ?? whole(env, "CRONFLOW_MAX_WORKERS"),
    queueLengthMax: whole(env, "CRONFLOW_QUEUE_SIZE"),
    payloadBytesMax: whole(env, "CRONFLOW_MAX_PAYLOAD_SIZE"),
  };
  return Object.fromEntries(Object.entries(limits).filter((pair): pair is [string, number] => pair[1] !== undefined));
}

/** The longest time of a run that the environment sets, in milliseconds. */
export function timeoutOf(env: Environment): number | undefined {
  return whole(env, "CRONFLOW_DEFAULT_TIMEOUT_MS");
}

function whole(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new SluiceError({
    code: "invalid_config",
    message: `${name} is ${JSON.stringify(text)}, which is no whole number.`,
    hint: `Such as ${name}=1000, or unset it.`,
  });
}
