// Downloads that end with the right to have them.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "./call.ts";

/** The same bytes, broken off as soon as whoever asked for them is no longer let in. */
export function whileAllowed(call: Call, source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let unlisten = (): void => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        unlisten = call.onEnded(() => {
          controller.error(new SluiceError({ code: "session_ended", message: "You are no longer signed in." }));
          void reader.cancel();
        });
      },
      async pull(controller) {
        const next = await reader.read().catch((error: unknown) => {
          unlisten();
          throw error;
        });
        if (next.done) {
          unlisten();
          controller.close();
        } else controller.enqueue(next.value);
      },
      async cancel(reason) {
        unlisten();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
