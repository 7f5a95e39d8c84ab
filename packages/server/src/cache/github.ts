// Version 2 of the cache of GitHub Actions, as wireit and sccache speak it: calls by Twirp, as JSON or protobuf, that give out URLs, and
// archives put to these in blocks as to Azure's storage. What is on its way is in the cache itself, so that nothing of it is in memory.
import type { CacheScope } from "@sluice/core";
import type { Cache, CacheView } from "@sluice/core/builds/cache";
import { SluiceError } from "@sluice/protocol";
import { rangeOf } from "../blobs/byte-range.ts";
import { bytesOf } from "../body.ts";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { originOf } from "../principal.ts";
import { nosniff } from "../hygiene.ts";
import { reply } from "../wire.ts";
import { findArtifact, keepArtifact } from "./artifacts.ts";
import { cacheOf, notThere, scopeOf, sendBlob, takeBody } from "./desk.ts";
import { messageOf, NotProtobuf, textIn } from "./protobuf-fields.ts";

const ticketMs = 3_600_000;
const keyCharsMax = 512;
const bodyBytesMax = 1024 * 1024;
const rangedBytesMax = 64 * 1024 * 1024;
/** Under which the whole of an archive stands while it is on its way. */
const wholeKey = "whole";

interface Ticket {
  readonly by: string;
  readonly scope: CacheScope;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Space of what is on its way; absent in a ticket to read. */
  readonly upload?: string;
  /** What may be read. */
  readonly digest?: string;
}

/** Where each method has what is asked, and what it answers, in protobuf. */
const methods = {
  CreateCacheEntry: { key: 2, version: 3, answer: { ok: 1, signed_upload_url: 2 } },
  FinalizeCacheEntryUpload: { key: 2, version: 4, answer: { ok: 1, entry_id: 2 } },
  GetCacheEntryDownloadURL: { key: 2, version: 4, answer: { ok: 1, signed_download_url: 2, matched_key: 3 } },
} as const;
type Method = keyof typeof methods;

interface Asked {
  readonly key: string;
  readonly version: string;
}

type Answered = Readonly<Record<string, string | boolean | number>>;

export async function callMethod(call: Call): Promise<Response> {
  const method = call.param(0);
  if (!Object.hasOwn(methods, method)) throw notThere("The method");
  const spec = methods[method as Method];
  const type = call.request.headers.get("content-type") ?? "";
  const isProtobuf = type.startsWith("application/protobuf");
  const asked = askedIn(await bytesOf(call.request, { bodyBytesMax }), isProtobuf ? spec : undefined);
  const answered = await answer(call, method as Method, asked);
  if (!isProtobuf) return reply("json", 200, answered);
  const fields = Object.entries(spec.answer).map(([name, number]) => [number, answered[name] ?? ""]);
  const bytes = messageOf(Object.fromEntries(fields) as Record<number, string>);
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { ...nosniff, "content-type": "application/protobuf" },
  });
}

function askedIn(bytes: Uint8Array, places: { readonly key: number; readonly version: number } | undefined): Asked {
  let found: Partial<Record<keyof Asked, unknown>>;
  try {
    found =
      places === undefined
        ? (JSON.parse(Buffer.from(bytes).toString()) as object)
        : { key: textIn(bytes, places.key), version: textIn(bytes, places.version) };
  } catch (error) {
    if (!(error instanceof NotProtobuf || error instanceof SyntaxError)) throw error;
    return refuse("bad_request", "The body cannot be read.", "JSON, or protobuf.");
  }
  const { key, version = "" } = found ?? {};
  if (
    typeof key === "string" &&
    key !== "" &&
    typeof version === "string" &&
    key.length + version.length <= keyCharsMax
  ) {
    return { key, version };
  }
  return refuse("bad_request", "There is no key.", `Up to ${keyCharsMax} characters with the version.`);
}

async function answer(call: Call, method: Method, { key, version }: Asked): Promise<Answered> {
  const writes = method !== "GetCacheEntryDownloadURL";
  const scope = scopeOf(call, writes ? "blob:write" : "blob:read");
  const cache = await cacheOf(call);
  const by = call.principal.token ?? call.principal.actor.id;
  const expiresAt = call.parts.clock.now() + ticketMs;
  const space = `gha:${version}`;
  const view = cache.view({ by, scope, space });
  const upload = `gha-upload:${by}:${version}:${key}`;
  if (method === "GetCacheEntryDownloadURL") {
    const found = findArtifact(view, key, { use: true });
    if (found === undefined) return { ok: false };
    const url = urlOf(call, cache, { by, scope, expiresAt, digest: found.blob.digest });
    return { ok: true, signed_download_url: url, matched_key: key };
  }
  if (method === "CreateCacheEntry") {
    if (view.own === undefined) call.require("blob:write");
    if (findArtifact(view, key, { use: false }) !== undefined) return { ok: false };
    return { ok: true, signed_upload_url: urlOf(call, cache, { by, scope, expiresAt, upload }) };
  }
  const whole = findArtifact(cache.view({ by, scope, space: upload }), wholeKey, { use: true });
  if (whole === undefined) return { ok: false };
  const kept = keepArtifact(view, { key, digest: whole.blob.digest, words: {} });
  return { ok: kept === "stored", entry_id: "1" };
}

/** Clients add `&comp=…` to it, so that it has a query. */
function urlOf(call: Call, cache: Cache, ticket: Ticket): string {
  const content = Buffer.from(JSON.stringify(ticket)).toString("base64url");
  const seal = Buffer.from(cache.sealTicket(content)).toString("base64url");
  return `${call.parts.publicUrl ?? originOf(call.passage)}/cache/gha/blobs/${content}.${seal}?v=1`;
}

async function ticketOf(call: Call): Promise<{ readonly ticket: Ticket; readonly cache: Cache }> {
  const { cache: open } = call.parts;
  if (open === undefined) throw new SluiceError({ code: "unavailable", message: "This server keeps no build cache." });
  const cache = await open();
  const [content = "", seal = ""] = call.param(0).split(".", 2);
  if (cache.isTicket(content, Buffer.from(seal, "base64url").toString())) {
    const ticket = JSON.parse(Buffer.from(content, "base64url").toString()) as Ticket;
    if (ticket.expiresAt > call.parts.clock.now()) return { ticket, cache };
  }
  throw new SluiceError({
    code: "forbidden",
    message: "The URL was not given out here, or is too old.",
    hint: "Ask anew.",
  });
}

export async function getBlob(call: Call): Promise<Response> {
  const { ticket, cache } = await ticketOf(call);
  const view = cache.view({ by: ticket.by, scope: ticket.scope, space: "gha" });
  const blob = ticket.digest === undefined ? "missing" : view.open(ticket.digest);
  if (typeof blob === "string") throw notThere("The archive");
  const range = blob.size <= rangedBytesMax ? rangeOf(call.request.headers.get("range"), blob.size) : undefined;
  if (range === undefined || range === "none") return sendBlob(call, view, { blob });
  const bytes = Buffer.concat(await Array.fromAsync(view.content(blob))).subarray(range.from, range.to);
  const headers = {
    "content-range": `bytes ${range.from}-${range.to - 1}/${blob.size}`,
    "content-type": "application/octet-stream",
    ...nosniff,
  };
  return new Response(bytes as Uint8Array<ArrayBuffer>, { status: 206, headers });
}

export async function putBlob(call: Call): Promise<Response> {
  const { ticket, cache } = await ticketOf(call);
  if (ticket.upload === undefined) throw new SluiceError({ code: "forbidden", message: "The URL is one to read." });
  const view = cache.view({ by: ticket.by, scope: ticket.scope, space: ticket.upload });
  const parameters = new URLSearchParams(call.queryText);
  const part = parameters.get("comp");
  if (part === "blocklist") {
    const listed = Buffer.from(await bytesOf(call.request, { bodyBytesMax })).toString();
    const ids = [...listed.matchAll(/<(?:Latest|Uncommitted|Committed)>([^<]*)</g)].map((match) => match[1] ?? "");
    const { digest } = await view.put({ pieces: joined(view, ids) });
    keepArtifact(view, { key: wholeKey, digest, words: {}, replace: true });
  } else {
    const key = part === "block" ? `block ${parameters.get("blockid") ?? ""}` : wholeKey;
    const { digest } = await takeBody(call, view);
    keepArtifact(view, { key, digest, words: {}, replace: true });
  }
  return new Response(null, { status: 201, headers: { ...nosniff, etag: '"1"' } });
}

async function* joined(view: CacheView, ids: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const id of ids) {
    const block = findArtifact(view, `block ${id}`, { use: false });
    if (block === undefined) refuse("bad_request", "A block of the list is not here.", "Send it first.");
    else yield* view.content(block.blob);
  }
}
