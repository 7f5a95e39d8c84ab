// Looks at a site over HTTP: observers elsewhere that are asked what they see, and probes of what is to be opened.
import type { HttpTransport } from "../../ports.ts";
import type { Observer, Probe } from "../drivers.ts";

interface Looking {
  readonly name: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly transport: HttpTransport;
  readonly timeoutMs: number;
}

async function read(
  { urls, transport, timeoutMs }: Looking,
  site: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const url = new URL(urls[site] ?? "");
  const answer = await transport.send(
    { server: url.origin, insecure: false },
    { method: "GET", path: url.pathname + url.search, headers: {}, signal: AbortSignal.timeout(timeoutMs) },
  );
  return { status: answer.status, text: await answer.text() };
}

/**
 * Asks an observer what it sees of a site: JSON with `up`, or the figures of a blackbox exporter (`probe_success`). One that does not
 * answer, or says neither, has seen nothing: its silence is no failure of the site.
 */
export function httpObserver(p: Looking & { readonly domain: string }): Observer {
  return {
    name: p.name,
    domain: p.domain,
    async look(site) {
      try {
        const { status, text } = await read(p, site);
        if (status !== 200) return "silent";
        const figure = /^probe_success (\d)/m.exec(text)?.[1];
        if (figure !== undefined) return figure === "1" ? "up" : "down";
        const said = (JSON.parse(text) as { readonly up?: unknown } | null)?.up;
        return typeof said === "boolean" ? (said ? "up" : "down") : "silent";
      } catch {
        return "silent";
      }
    },
  };
}

/** What the new site has to answer before it is opened. */
export function httpProbe(p: Looking & { readonly status: number; readonly contains?: string | undefined }): Probe {
  return {
    name: p.name,
    async look(site) {
      try {
        const { status, text } = await read(p, site);
        if (status !== p.status) return { outcome: "failed", reason: `answers ${status} instead of ${p.status}` };
        if (p.contains !== undefined && !text.includes(p.contains))
          return { outcome: "failed", reason: `does not answer ${JSON.stringify(p.contains)}` };
        return { outcome: "ok" };
      } catch (error) {
        return { outcome: "silent", reason: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
