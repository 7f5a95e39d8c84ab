// A live tail across lost connections: what was seen is not asked for again.
import type { Api } from "./api.ts";
import { CliError } from "./io.ts";

/** An entry as the server shows it. */
export interface LogLine {
  readonly seq: number;
  readonly time: string;
  readonly level: string;
  readonly line: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Entries that came faster than they were taken; between these numbers they can be asked for. */
interface MissedLines {
  readonly count: number;
  readonly fromSeq: number;
  readonly toSeq: number;
}

export type LogEvent = { readonly entry: LogLine } | { readonly missed: MissedLines };

const reconnectMs = 500;
const reconnectsMax = 20;

/** What fits, as it is committed; it ends by an error, or with the signal. */
export async function* logEvents(
  api: Api,
  query: Readonly<Record<string, string | number | undefined>>,
  signal?: AbortSignal,
): AsyncGenerator<LogEvent> {
  let last: string | undefined;
  for (let lost = 0; ; lost++) {
    try {
      const headers = { accept: "text/event-stream", ...(last === undefined ? {} : { "last-event-id": last }) };
      const response = await api.send("/api/v1/logs/tail", {
        query,
        headers,
        patient: true,
        ...(signal === undefined ? {} : { signal }),
      });
      for await (const { id, type, data } of blocks(response)) {
        lost = 0;
        if (id !== undefined) last = id;
        const value: unknown = JSON.parse(data);
        if (type === "entry") yield { entry: value as LogLine };
        else if (type === "missed") yield { missed: value as MissedLines };
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      const gone = !(error instanceof CliError) || error.wire.code === "unavailable";
      if (!gone || lost >= reconnectsMax) throw error;
    }
    if (signal?.aborted === true) return;
    await Bun.sleep(reconnectMs);
  }
}

interface Block {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

async function* blocks(response: Response): AsyncGenerator<Block> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const valueOf = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = valueOf("data");
      if (data !== undefined) yield { id: valueOf("id"), type: valueOf("event") ?? "message", data };
    }
  }
}
