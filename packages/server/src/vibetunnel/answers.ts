// Answers in the words of the server that this is the face of: `{error}`, and now and then `details`.
import { httpStatusOf } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";

const headers = {
  "content-type": "application/json; charset=utf-8",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

export function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export function problem(status: number, error: string, more: object = {}): Response {
  return answer({ error, ...more }, status);
}

/** What the server behind refused. `what` is what was tried, such as `Failed to send input`. */
export function refused(error: WireError, what: string): Response {
  switch (error.code) {
    case "terminal_not_found":
      return problem(404, "Session not found");
    case "conflict":
      return problem(400, "Session is not running");
    case "unauthorized":
    case "session_ended":
      return problem(401, "Authentication required");
    case "bad_request":
      return problem(500, what, { details: error.message });
    default:
      return problem(httpStatusOf(error.code), what, { details: error.message });
  }
}

/** Server-sent events. `begin` gets what to send with, and answers what is to be done when nobody listens any more. */
export function eventStream(begin: (send: StreamSender) => () => void): Response {
  const encoder = new TextEncoder();
  let open = true;
  let end: () => void = () => undefined;
  let pulled: () => void = () => undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        end = begin({
          send: (text) => {
            if (open) controller.enqueue(encoder.encode(text));
            return (controller.desiredSize ?? 0) > 0;
          },
          onRoom: (listener) => {
            pulled = listener;
          },
          close: () => {
            if (open) controller.close();
            open = false;
          },
        });
      },
      pull: () => pulled(),
      cancel: () => {
        open = false;
        end();
      },
    },
    { highWaterMark: streamBytesMax, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    },
  });
}

/** Bytes of a stream that wait for a slow reader before nothing more is asked for. */
const streamBytesMax = 256 * 1024;

export interface StreamSender {
  /** Whether there is room for more. */
  send(text: string): boolean;
  /** Hears when there is room again. */
  onRoom(listener: () => void): void;
  close(): void;
}
