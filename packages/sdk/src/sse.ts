// Reads a stream of server-sent events, as the HTML standard defines their text.

/** One event. `id` is the last one that was named up to here. */
export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Longest event that is put together; a stream that never ends one must not fill the memory. */
const eventCharsMax = 64 * 1024 * 1024;

/**
 * Events of a body, without comments and without events that have no data. Ends with the body, when `signal` is aborted, or
 * when nothing at all (comments included) has come for `idleMs`; throws what reading throws.
 */
export async function* readServerEvents(
  body: ReadableStream<Uint8Array>,
  { signal, idleMs }: { readonly signal?: AbortSignal | undefined; readonly idleMs: number },
): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  // Cancelling ends a pending read.
  const stop = (): void => void reader.cancel().catch(() => undefined);
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(stop, idleMs);
  const decoder = new TextDecoder();
  let text = "";
  let pending = new Pending();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(stop, idleMs);
      text += decoder.decode(value, { stream: true });
      if (text.length > eventCharsMax) throw new Error("an event is longer than eventCharsMax");
      let end = lineEnd(text);
      while (end !== undefined) {
        const line = text.slice(0, end.at);
        text = text.slice(end.next);
        if (line !== "") pending.take(line);
        else {
          const event = pending.event();
          pending = new Pending(pending.id);
          if (event !== undefined) yield event;
        }
        end = lineEnd(text);
      }
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    await reader.cancel().catch(() => undefined);
  }
}

/** Lines end with LF, CR, or CR and LF; a CR at the very end may have its LF still to come. */
function lineEnd(text: string): { readonly at: number; readonly next: number } | undefined {
  const at = text.search(/[\r\n]/);
  if (at === -1) return undefined;
  if (text[at] === "\n") return { at, next: at + 1 };
  if (at === text.length - 1) return undefined;
  return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
}

class Pending {
  id: string | undefined;
  #event = "message";
  readonly #data: string[] = [];

  constructor(id?: string) {
    this.id = id;
  }

  take(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const rest = colon === -1 ? "" : line.slice(colon + 1);
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
  }

  event(): ServerEvent | undefined {
    return this.#data.length === 0 ? undefined : { id: this.id, event: this.#event, data: this.#data.join("\n") };
  }
}
