// For tests: a client of the double, or of any server, with a transport of its own.
import { ClusterClient } from "../client/client.ts";
import type { ClusterAccess } from "../client/kubeconfig.ts";
import { Resources } from "../client/resources.ts";
import { clusterLimits } from "../limits.ts";
import type { ClusterLimits } from "../limits.ts";
import { HastyClock, memoryFiles } from "../memory-ports.suite.ts";
import type { HttpTransport } from "../ports.ts";
import { ApiDouble } from "./api-double.suite.ts";

/** Bun's own client, as the server binds it. */
export const fetchTransport: HttpTransport = {
  async send({ server, ca, cert, key, insecure }, { method, path, headers, body, signal }) {
    const tls = {
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert, key }),
    };
    const init = {
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body }),
      ...(server.startsWith("https") ? { tls } : {}),
    };
    const answer = await fetch(server + path, init);
    return {
      status: answer.status,
      header: (name) => answer.headers.get(name) ?? undefined,
      text: () => answer.text(),
      chunks: () => answer.body ?? new Blob([]).stream(),
    };
  },
};

export function accessTo(server: string, rest: Partial<ClusterAccess> = {}): ClusterAccess {
  return { endpoint: { server, insecure: false }, credentials: { kind: "none" }, namespace: "default", ...rest };
}

export function resourcesOf(access: ClusterAccess, limits: Partial<ClusterLimits> = {}): Resources {
  return new Resources(
    new ClusterClient({
      access,
      transport: fetchTransport,
      files: memoryFiles({}),
      processes: { run: () => Promise.reject(new Error("no program here")) },
      clock: new HastyClock(Date.now()),
      limits: { ...clusterLimits, requestTimeoutMs: 60_000, ...limits },
    }),
  );
}

export interface DoubleBench extends AsyncDisposable {
  readonly double: ApiDouble;
  readonly resources: Resources;
}

export function doubleBench(limits: Partial<ClusterLimits> = {}): DoubleBench {
  const double = new ApiDouble();
  return {
    double,
    resources: resourcesOf(accessTo(double.url), limits),
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
}
