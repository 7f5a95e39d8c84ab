// What is sent piece by piece, with its outcome in the audit trail when the last piece has gone or the sending ended before.
import type { Logger } from "@sluice/core";
import type { StatedIntent } from "@sluice/core/identity";
import { SluiceError } from "@sluice/protocol";

/** The same bytes. The outcome is in the trail before the end of them is seen. */
export function withOutcome(
  source: ReadableStream<Uint8Array>,
  { intent, log }: { readonly intent: StatedIntent; readonly log: Logger },
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let bytes = 0;
  const failed = async (error: unknown): Promise<void> => {
    try {
      await intent.failed(error);
    } catch (cause) {
      log("error", "an outcome could not be written to the audit trail", { intent: intent.seq, error: String(cause) });
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let next;
        try {
          next = await reader.read();
        } catch (error) {
          await failed(error);
          throw error;
        }
        if (next.done) {
          await intent.done({ bytes });
          controller.close();
        } else {
          bytes += next.value.length;
          controller.enqueue(next.value);
        }
      },
      async cancel(reason) {
        await failed(new SluiceError({ code: "cancelled", message: "Whoever asked for it went away." }));
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
