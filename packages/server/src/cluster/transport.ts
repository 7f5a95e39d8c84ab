// Requests to clusters, by the runtime's own client: one connection is kept and used again.
import type { HttpTransport } from "@sluice/core/cluster";

/** Sends with `fetch`; certificates and proxies are those of the endpoint. */
export const fetchTransport: HttpTransport = {
  async send(endpoint, { method, path, headers, body, signal }) {
    const { server, ca, cert, key, serverName, insecure, proxyUrl } = endpoint;
    const tls = {
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert, key }),
      ...(serverName === undefined ? {} : { serverName }),
    };
    const answer = await fetch(server + path, {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(server.startsWith("https:") ? { tls } : {}),
      ...(body === undefined ? {} : { body }),
      ...(proxyUrl === undefined ? {} : { proxy: proxyUrl }),
    });
    return {
      status: answer.status,
      header: (name) => answer.headers.get(name) ?? undefined,
      text: () => answer.text(),
      chunks: () => answer.body ?? new Blob([]).stream(),
    };
  },
};
