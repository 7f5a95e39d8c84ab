import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readServerEvents } from "./sse.ts";
import type { ServerEvent } from "./sse.ts";

const encoder = new TextEncoder();

/** A body that comes in pieces of this many bytes. */
function bodyOf(text: string, pieceBytes: number): ReadableStream<Uint8Array> {
  const bytes = encoder.encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}

async function read(text: string, pieceBytes = 1_000): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readServerEvents(bodyOf(text, pieceBytes), { idleMs: 10_000 })) events.push(event);
  return events;
}

describe("server-sent events", () => {
  test("are read with their id, type and data", async () => {
    expect(await read('id: 5\nevent: step\ndata: {"a":1}\n\ndata: x\n\n')).toEqual([
      { id: "5", event: "step", data: '{"a":1}' },
      { id: "5", event: "message", data: "x" },
    ]);
  });

  test("follow the standard in lines, comments and spaces", async () => {
    const text =
      ": hello\r\n\r\ndata\r\n\r\ndata:  two\rdata:lines\r\revent: nothing\n\nunknown: x\nretry: 5\ndata: end\n\ndata: unfinished";
    expect(await read(text)).toEqual([
      { id: undefined, event: "message", data: "" },
      { id: undefined, event: "message", data: " two\nlines" },
      { id: undefined, event: "message", data: "end" },
    ]);
  });

  test("are the same however the body is cut", async () => {
    const line = fc
      .array(fc.constantFrom("a", "é", "€", "😀", " ", ":", "{", '"'), { maxLength: 12 })
      .map((parts) => parts.join(""));
    const events = fc.array(
      fc.record({
        id: fc.nat(),
        event: fc.constantFrom("step", "run"),
        lines: fc.array(line, { minLength: 1, maxLength: 3 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        events,
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.integer({ min: 1, max: 9 }),
        async (all, nl, size) => {
          const text = all
            .map(({ id, event, lines }) =>
              [`id: ${id}`, `event: ${event}`, ...lines.map((each) => `data: ${each}`), "", ""].join(nl),
            )
            .join("");
          const expected = all.map(({ id, event, lines }) => ({ id: String(id), event, data: lines.join("\n") }));
          // A last CR may be half of a line's end: a reader that waits for more is right.
          expect(await read(`${text}: end${nl}${nl}.`, size)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("end with the signal, and when the connection is silent", async () => {
    const silent = (): ReadableStream<Uint8Array> => new ReadableStream({ pull: () => new Promise(() => undefined) });
    const stop = new AbortController();
    const stopped = Array.fromAsync(readServerEvents(silent(), { signal: stop.signal, idleMs: 60_000 }));
    stop.abort();
    expect(await stopped).toEqual([]);
    expect(await Array.fromAsync(readServerEvents(silent(), { idleMs: 1 }))).toEqual([]);
  });
});
