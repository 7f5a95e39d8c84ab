// What all routes of the cache have in common: who asks, in which scope, how content goes out and comes in.
import type { CacheScope } from "@sluice/core";
import type { Cache, CacheView, OpenBlob } from "@sluice/core/builds/cache";
import { cacheFailure } from "@sluice/core/builds/cache";
import { cacheScopeOf } from "@sluice/core/workers";
import { SluiceError } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import { notSentAway } from "../blobs/sent-away.ts";
import type { Call } from "../call.ts";
import { nosniff } from "../hygiene.ts";

/** A client that takes content slowly, and one that sends it so. */
const slowMs = 300_000;

export async function cacheOf(call: Call): Promise<Cache> {
  const { cache } = call.parts;
  await notSentAway(call);
  if (cache !== undefined) return cache();
  throw new SluiceError({ code: "unavailable", message: "This server keeps no build cache." });
}

/** What whoever asks reads and writes, by what narrows their permission. Throws `forbidden` where they do not have it. */
export function scopeOf(call: Call, permission: Permission): CacheScope {
  call.require(permission);
  return cacheScopeOf(call.patterns(permission));
}

/** The cache as whoever asks sees it. Throws `forbidden`, and `unavailable` where there is none. */
export async function viewOf(call: Call, permission: "blob:read" | "blob:write", space: string): Promise<CacheView> {
  const scope = scopeOf(call, permission);
  const cache = await cacheOf(call);
  return cache.view({ by: call.principal.token ?? call.principal.actor.id, scope, space });
}

/** Sends a blob; packed where it is kept so and the client can take it. */
export function sendBlob(
  call: Call,
  view: CacheView,
  p: { readonly blob: OpenBlob; readonly headers?: Record<string, string> },
): Response {
  const { blob } = p;
  const headers: Record<string, string> = {
    "content-type": "application/octet-stream",
    "cache-control": "no-store",
    ...nosniff,
    ...p.headers,
  };
  const plain = { ...headers, "content-length": String(blob.size) };
  if (call.request.method === "HEAD" || blob.size === 0) return new Response(null, { headers: plain });
  call.mayIdle(slowMs);
  const file = view.fileOf(blob);
  if (file?.coding === "raw") return new Response(Bun.file(file.path), { headers: plain });
  const takesZstd =
    call.request.headers
      .get("accept-encoding")
      ?.split(",")
      .some((each) => each.trim().split(";")[0] === "zstd") === true;
  if (file !== undefined && takesZstd) {
    return new Response(Bun.file(file.path), {
      headers: { ...headers, "content-encoding": "zstd", vary: "accept-encoding" },
    });
  }
  const pieces = view.content(blob);
  const content = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => {
      await pieces.return(undefined);
    },
  });
  return new Response(content, { headers: plain });
}

/** Keeps the body. Throws `payload_too_large`, `too_many_requests`, `bad_request` where it does not arrive, and what the disk says. */
export async function takeBody(
  call: Call,
  view: CacheView,
): Promise<{ readonly digest: string; readonly size: number }> {
  const { cacheBlobBytesMax } = call.parts.limits;
  const { headers } = call.request;
  if (Number(headers.get("content-length") ?? 0) > cacheBlobBytesMax) {
    const message = `The blob is longer than ${cacheBlobBytesMax} bytes (cacheBlobBytesMax).`;
    throw new SluiceError({ code: "payload_too_large", message });
  }
  call.mayIdle(slowMs);
  try {
    return await view.put({ pieces: arriving(call.request.body as ReadableStream<Uint8Array> | null) });
  } catch (error) {
    throw cacheFailure(error);
  }
}

/** The body as it comes. Throws `bad_request` where its sender hangs up. */
export async function* arriving(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function cutOff(error: unknown): never {
  const message = `The blob did not arrive: ${error instanceof Error ? error.message : String(error)}`;
  throw new SluiceError({ code: "bad_request", message, hint: "Send it again; nothing was stored." });
}

/** An answer without a body. */
export function bare(status: number): Response {
  return new Response(null, { status, headers: nosniff });
}

export function notThere(what: string): SluiceError {
  return new SluiceError({ code: "not_found", message: `${what} is not in the cache.`, hint: "That is a miss." });
}
