// Server-sent events of a run, across lost connections: what was seen is not asked for again.
import type { Api } from "./api.ts";
import { CliError } from "./io.ts";

export interface RunEvent {
  readonly id: number | undefined;
  readonly type: string;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const reconnectMs = 500;
const reconnectsMax = 20;

/** What happened to a run and what happens, until it has ended. */
export function runEvents(api: Api, run: string): AsyncGenerator<RunEvent> {
  return follow(api, `/api/v1/runs/${encodeURIComponent(run)}/events`);
}

/** The pieces a run has streamed and streams, until it has ended. */
export function runStream(api: Api, run: string): AsyncGenerator<RunEvent> {
  return follow(api, `/api/v1/runs/${encodeURIComponent(run)}/stream`);
}

async function* follow(api: Api, path: string): AsyncGenerator<RunEvent> {
  let last = 0;
  for (let lost = 0; ; lost++) {
    try {
      const response = await api.send(path, {
        headers: { accept: "text/event-stream", ...(last === 0 ? {} : { "last-event-id": String(last) }) },
      });
      for await (const event of parse(response)) {
        lost = 0;
        if (event.id !== undefined) last = event.id;
        if (event.type === "end") return;
        yield event;
      }
    } catch (error) {
      const gone = !(error instanceof CliError) || error.wire.code === "unavailable";
      if (!gone || lost >= reconnectsMax) throw error;
    }
    await Bun.sleep(reconnectMs);
  }
}

async function* parse(response: Response): AsyncGenerator<RunEvent> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = eventOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== undefined) yield event;
    }
  }
}

function eventOf(block: string): RunEvent | undefined {
  let id: number | undefined;
  let type = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) id = Number(line.slice(4));
    else if (line.startsWith("event: ")) type = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data === "") return undefined;
  const body = JSON.parse(data) as Record<string, unknown> & { readonly at?: number; readonly data?: unknown };
  // A piece of output may be anything; the others have an object.
  const shown = type === "chunk" ? { step: body["step"], piece: body.data } : (body.data ?? {});
  return { id, type, at: body.at ?? 0, data: shown as Record<string, unknown> };
}
