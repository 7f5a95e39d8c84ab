// The build cache over HTTP, as our own runner speaks with it, and what it says of itself.
import { buildSpace, cacheFailure, digestsIn, resultOf } from "@sluice/core/builds/cache";
import { SluiceError } from "@sluice/protocol";
import { cacheOf, notThere, scopeOf, sendBlob, takeBody, viewOf } from "../cache/desk.ts";
import type { Call } from "../call.ts";
import { optionalIntegerOf, quoted, refuse } from "../fields.ts";
import { reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const digestPattern = /^[0-9a-f]{64}$/;

export async function getCacheStats(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, (await cacheOf(call)).stats());
}

export async function evictCache(call: Call): Promise<Response> {
  const bytesMax = optionalIntegerOf(await bodyOf(call, ["bytesMax"]), "bytesMax");
  if (bytesMax !== undefined && bytesMax < 0) refuse("bad_request", "bytesMax is negative.", "A number of bytes.");
  const cache = await cacheOf(call);
  call.mayIdleForever();
  // None at all is asked for by name: to the eviction 0 would be any number.
  return reply("json", 200, await cache.evict(bytesMax === 0 ? 1 : bytesMax));
}

export async function explainCacheKey(call: Call): Promise<Response> {
  call.query().done();
  const { reads } = scopeOf(call, "blob:read");
  const mayKnowAll = call.patterns("blob:read") === undefined;
  return reply("json", 200, (await cacheOf(call)).why(call.param(0), mayKnowAll ? undefined : reads));
}

export async function getCacheResult(call: Call): Promise<Response> {
  call.query().done();
  const key = digestIn(call);
  const found = (await viewOf(call, "blob:read", buildSpace)).find(key);
  const result = found === undefined ? undefined : resultOf(found.body, key);
  if (result === undefined) throw notThere("The result");
  return reply("json", 200, result);
}

export async function putCacheResult(call: Call): Promise<Response> {
  call.query().done();
  const key = digestIn(call);
  const { content } = await call.body();
  const body = JSON.stringify(content);
  const result = resultOf(body, key);
  if (result === undefined) {
    return refuse(
      "invalid_input",
      "That is no result of this key, or one of its paths would leave the package.",
      "GET /api/openapi.json has its form; paths are relative, without detours, each once, and none below a link.",
    );
  }
  const view = await viewOf(call, "blob:write", buildSpace);
  const kept = view.commit({ key, body, digests: digestsIn(result) });
  if (kept !== "incomplete") return reply("json", kept === "stored" ? 201 : 200, { kept });
  throw new SluiceError({
    code: "conflict",
    message: "The result names a file that is not in the cache scopes of who asks.",
    hint: "Send the files first; POST /api/v1/cache/blobs/missing says which.",
  });
}

export async function listMissingCacheBlobs(call: Call): Promise<Response> {
  const { digests } = await bodyOf(call, ["digests"]);
  const { cacheEntryBlobsMax } = call.parts.limits;
  const fits =
    Array.isArray(digests) &&
    digests.length <= cacheEntryBlobsMax &&
    digests.every((digest) => typeof digest === "string" && digestPattern.test(digest));
  if (!fits) {
    refuse(
      "bad_request",
      "digests is not a list of digests.",
      `SHA-256 in lower case hex, at most ${cacheEntryBlobsMax} of them (cacheEntryBlobsMax).`,
    );
  }
  const view = await viewOf(call, "blob:read", buildSpace);
  const missing = [...new Set(digests as string[])].filter((digest) => typeof view.open(digest) === "string");
  return reply("json", 200, { missing });
}

export async function getCacheBlob(call: Call): Promise<Response> {
  call.query().done();
  const view = await viewOf(call, "blob:read", buildSpace);
  const blob = view.open(digestIn(call));
  if (typeof blob === "string") throw notThere("The file");
  return sendBlob(call, view, { blob, headers: { etag: `"${blob.digest}"`, "content-security-policy": "sandbox" } });
}

export async function putCacheBlob(call: Call): Promise<Response> {
  call.query().done();
  const digest = digestIn(call);
  const view = await viewOf(call, "blob:write", buildSpace);
  const kept = await takeBody(call, view).catch((error: unknown) => {
    throw cacheFailure(error);
  });
  if (kept.digest !== digest) {
    refuse("blob_mismatch", `The bytes that came are not those of ${digest}.`, "Send them again.");
  }
  return reply("json", 201, { blob: { sha256: digest, size: kept.size } });
}

function digestIn(call: Call): string {
  const digest = call.param(0);
  if (digestPattern.test(digest)) return digest;
  return refuse("bad_request", `${quoted(digest)} is no digest.`, "A SHA-256 in lower case hex.");
}
