// Blobs by their SHA-256, streamed both ways. Who asks comes with a scope: what it does not hold is not there for them.
import { unwrap } from "@sluice/core";
import type { CacheScope } from "@sluice/core";
import { cacheScopeOf } from "@sluice/core/workers";
import { SluiceError } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import { notSentAway } from "../blobs/sent-away.ts";
import { rangeOf } from "../blobs/byte-range.ts";
import { tooLong } from "../blobs/scoped-blobs.ts";
import type { ScopedBlobs } from "../blobs/scoped-blobs.ts";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { failure, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const digestPattern = /^[0-9a-f]{64}$/;

/** The blobs of what serves. Throws `unavailable` where there are none, `forbidden` for a worker that was sent away. */
export async function blobsOf(call: Call): Promise<ScopedBlobs> {
  const { blobs } = call.parts;
  await notSentAway(call);
  if (blobs !== undefined) return blobs();
  throw new SluiceError({ code: "unavailable", message: "This server keeps no blobs." });
}

/** What whoever asks reads and writes, by what narrows their permission. Throws `forbidden` where they do not have it. */
export function scopeOf(call: Call, permission: Permission): CacheScope {
  call.require(permission);
  return cacheScopeOf(call.patterns(permission));
}

export async function getBlob(call: Call): Promise<Response> {
  call.query().done();
  const hash = call.param(0);
  if (!digestPattern.test(hash)) throw noBlob(hash);
  const blobs = await blobsOf(call);
  const found = await blobs.find(scopeOf(call, "blob:read"), hash);
  if (found === undefined) throw noBlob(hash);
  const { headers: asked, method } = call.request;
  const etag = `"${hash}"`;
  const headers = {
    ...nosniff,
    etag,
    "content-type": "application/octet-stream",
    "content-security-policy": "sandbox",
    "accept-ranges": "bytes",
    // The bytes never change, the right to them may.
    "cache-control": "private, no-cache",
  };
  if (isAmong(etag, asked.get("if-none-match"))) return new Response(null, { status: 304, headers });
  const { bytes, file } = found;
  const ifRange = asked.get("if-range");
  const range = ifRange === null || ifRange === etag ? rangeOf(asked.get("range"), bytes) : undefined;
  if (range === "none") {
    const message = `The blob has ${bytes} bytes: the range is outside of it.`;
    return failure({ code: "range_not_satisfiable", message }, { "content-range": `bytes */${bytes}` });
  }
  const { from, to } = range ?? { from: 0, to: bytes };
  const sent = {
    ...headers,
    "content-length": String(to - from),
    ...(range === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${bytes}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (method === "HEAD" || to === from) return new Response(null, { status, headers: sent });
  call.mayIdle(slowReaderMs);
  const content = Bun.file(file);
  return new Response(range === undefined ? content : content.slice(from, to), { status, headers: sent });
}

export async function putBlob(call: Call): Promise<Response> {
  call.query().done();
  const hash = call.param(0);
  if (!digestPattern.test(hash)) {
    refuse(
      "bad_request",
      `${quoted(hash)} names no blob.`,
      "A blob is named by the SHA-256 of its bytes, in lower case hex.",
    );
  }
  const blobs = await blobsOf(call);
  const { blobBytesMax } = call.parts.limits;
  const { headers, body } = call.request;
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    refuse("unsupported_media_type", `A blob is not sent as ${quoted(encoding)}.`, "Send its bytes as they are.");
  }
  const announced = Number(headers.get("content-length") ?? 0);
  if (announced > blobBytesMax) throw new SluiceError(tooLong(blobBytesMax));
  const { principal } = call;
  const stored = await blobs.store({
    by: principal.token ?? principal.actor.id,
    scope: scopeOf(call, "blob:write"),
    hash,
    pieces: arriving(call, body as ReadableStream<Uint8Array> | null),
  });
  const { bytes, isNew } = unwrap(stored);
  const response = reply("json", isNew ? 201 : 200, { blob: { sha256: hash, size: bytes } });
  response.headers.set("etag", `"${hash}"`);
  return response;
}

export async function listMissingBlobs(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["digests"]);
  const { blobDigestsMax } = call.parts.limits;
  const { digests } = body;
  const fits =
    Array.isArray(digests) &&
    digests.length <= blobDigestsMax &&
    digests.every((digest) => typeof digest === "string" && digestPattern.test(digest));
  if (!fits) {
    refuse(
      "bad_request",
      "digests is not a list of digests.",
      `SHA-256 in lower case hex, at most ${blobDigestsMax} of them (blobDigestsMax).`,
    );
  }
  const blobs = await blobsOf(call);
  const missing = await blobs.missing(scopeOf(call, "blob:read"), [...new Set(digests as string[])]);
  return reply("json", 200, { missing });
}

/** The body as it comes. */
async function* arriving(call: Call, body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(cutOff);
      if (done) break;
      yield value;
    }
    // A disk takes its time to have all of it.
    call.mayIdle(syncMs);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function cutOff(error: unknown): never {
  const message = `The blob did not arrive: ${error instanceof Error ? error.message : String(error)}`;
  throw new SluiceError({ code: "bad_request", message, hint: "Send it again; nothing was stored." });
}

function isAmong(etag: string, listed: string | null): boolean {
  if (listed === null) return false;
  return listed.split(",").some((each) => ["*", etag, `W/${etag}`].includes(each.trim()));
}

/** The same for one that is not there and one that others hold: to know a digest says nothing. */
export function noBlob(hash: string): SluiceError {
  return new SluiceError({
    code: "blob_not_found",
    message: `There is no blob ${quoted(hash)} in your cache scope or in main.`,
    hint: "PUT it: whoever shows its bytes may have it.",
  });
}

/** A client that takes a large blob slowly, and a disk that syncs one. */
const slowReaderMs = 300_000;
const syncMs = 300_000;
