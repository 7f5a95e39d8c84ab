// A restore over HTTP: the archive is the body, and the answer comes when its data is being served.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { reply } from "../wire.ts";

const mediaType = "application/x-tar";

/** Replaces everything but the keys. Nothing has happened when it is refused. */
export async function restore(call: Call): Promise<Response> {
  call.query().done();
  const { headers, body } = call.request;
  const type = (headers.get("content-type") ?? "").toLowerCase();
  if (type !== mediaType || body === null)
    refuse("unsupported_media_type", "The body is not a backup.", `Send the archive as ${mediaType}.`);
  const { restore: put, limits } = call.parts;
  if (put === undefined) {
    throw new SluiceError({
      code: "unavailable",
      message: "This server restores no backups.",
      hint: "Stop it and run `sluice restore`.",
    });
  }
  const announced = headers.get("content-length");
  const bytes = announced === null ? undefined : Number(announced);
  if (bytes !== undefined && bytes > limits.restoreBytesMax) throw tooLarge(limits.restoreBytesMax);
  const { before = null, ...about } = await put({
    by: call.actor,
    archive: arriving(call, body as ReadableStream<Uint8Array>),
    bytes,
  });
  return reply("json", 200, { restored: { ...about, before } });
}

/** The body as it comes, refused as soon as it is too long. */
async function* arriving(call: Call, body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { restoreBytesMax } = call.parts.limits;
  let length = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff);
      if (done) break;
      length += value.length;
      if (length > restoreBytesMax) throw tooLarge(restoreBytesMax);
      yield value;
    }
    // What follows takes as long as the data is large.
    call.mayIdleForever();
  } finally {
    await reader.cancel();
  }
}

function cutOff(error: unknown): never {
  const message = `The backup did not arrive: ${error instanceof Error ? error.message : String(error)}`;
  throw new SluiceError({ code: "bad_request", message, hint: "Send it again; nothing was replaced." });
}

function tooLarge(bytesMax: number): SluiceError {
  return new SluiceError({
    code: "payload_too_large",
    message: `The backup is longer than ${bytesMax} bytes (restoreBytesMax).`,
    hint: "Raise the setting limits.restoreBytesMax, or stop the server and restore into its data folder.",
  });
}
