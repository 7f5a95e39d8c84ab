// Logs of a server, over HTTP: entries are written, searched and followed.
import type { LogClient, LogEntry, LogFound, LogInput } from "./client.ts";
import type { HttpLink } from "./http-link.ts";
import { readServerEvents } from "./sse.ts";

/** A server that has nothing to tell says so more often than this. */
const idleMs = 60_000;

export class HttpLogs implements LogClient {
  readonly #link: HttpLink;

  constructor(link: HttpLink) {
    this.#link = link;
  }

  async write(
    entries: LogInput | readonly LogInput[],
    options: { readonly labels?: Readonly<Record<string, string>>; readonly idempotencyKey?: string } = {},
  ): Promise<{ readonly accepted: number; readonly rejections: number; readonly duplicate: boolean }> {
    const { labels, idempotencyKey } = options;
    const answer = await this.#link.send({
      method: "POST",
      path: ["logs"],
      json: { entries: Array.isArray(entries) ? entries : [entries], ...(labels === undefined ? {} : { labels }) },
      headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
      // Without a key a lost answer does not say whether they were taken.
      repeatable: idempotencyKey !== undefined,
    });
    const { accepted, rejections, duplicate } = answer;
    return { accepted: Number(accepted), rejections: Number(rejections), duplicate: duplicate === true };
  }

  async query(
    text: string,
    options: { readonly from?: number; readonly to?: number; readonly limit?: number } = {},
  ): Promise<LogFound> {
    const json = { query: text, ...options };
    return (await this.#link.send({
      method: "POST",
      path: ["logs", "query"],
      json,
      repeatable: true,
    })) as unknown as LogFound;
  }

  /** A connection that breaks is made again, and goes on behind the last entry. */
  async *tail(
    filter = "",
    options: { readonly last?: number; readonly after?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<LogEntry> {
    const { last, signal } = options;
    let { after } = options;
    for (;;) {
      if (signal?.aborted === true) return;
      const body = await this.#link.stream({
        method: "GET",
        path: ["logs", "tail"],
        query: { query: filter === "" ? undefined : filter, last: after === undefined ? last : undefined, after },
        repeatable: true,
        signal,
      });
      for await (const { event, data } of readServerEvents(body, { signal, idleMs })) {
        if (event !== "entry") continue;
        const entry = JSON.parse(data) as LogEntry;
        after = entry.seq;
        yield entry;
      }
    }
  }
}
