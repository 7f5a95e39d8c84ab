// What is said of the listener for workers on other machines: its address, and what it refuses to do without TLS.
import { SluiceError } from "@sluice/protocol";
import type { ServerSettings } from "./config-settings.ts";

export interface WorkerSettingSources {
  readonly values: ReadonlyMap<string, unknown>;
  readonly auth: boolean;
  readonly pathOf: (...[path, key, env]: [string, string, string]) => string;
  readonly isLoopback: (host: string) => boolean;
}

/** The settings that hold. Throws `invalid_config` for what cannot be, as an open listener without TLS. */
export function workerSettings({ values, auth, pathOf, isLoopback }: WorkerSettingSources): ServerSettings["worker"] {
  const get = <T>(key: string): T | undefined => values.get(key) as T | undefined;
  const port = get<number>("worker.port");
  const host = get<string>("worker.host") ?? "127.0.0.1";
  const [cert, key] = [get<string>("worker.tlsCert"), get<string>("worker.tlsKey")];
  if (port === undefined) {
    const orphan = ["worker.host", "worker.tlsCert", "worker.tlsKey"].find((name) => values.get(name) !== undefined);
    if (orphan === undefined) return undefined;
    throw invalid(`${orphan} says how workers connect, and nothing says where.`, "Give --worker-port as well.");
  }
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? "worker.tlsCert" : "worker.tlsKey";
    throw invalid(
      `TLS for workers needs a certificate and its key: ${missing} is missing.`,
      "Give both --worker-tls-cert and --worker-tls-key.",
    );
  }
  const tls =
    cert === undefined || key === undefined
      ? undefined
      : {
          cert: pathOf(cert, "worker.tlsCert", "SLUICE_WORKER_TLS_CERT"),
          key: pathOf(key, "worker.tlsKey", "SLUICE_WORKER_TLS_KEY"),
        };
  if (!isLoopback(host) && !auth) {
    throw invalid(
      `Without authentication workers are listened for on loopback only, not on ${host}.`,
      "Leave out --no-auth.",
    );
  }
  if (!isLoopback(host) && tls === undefined) {
    throw invalid(
      `Without TLS workers are listened for on loopback only, not on ${host}.`,
      "Give --worker-tls-cert and --worker-tls-key, or leave out --worker-host.",
    );
  }
  return { port, host, tls };
}

function invalid(message: string, hint: string): SluiceError {
  return new SluiceError({ code: "invalid_config", message, hint });
}
