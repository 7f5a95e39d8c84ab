// Bazel's cache over HTTP, and moon's, which sends action results as JSON: `[instance/]ac/KEY` and `[instance/]cas/DIGEST`. An action
// result is kept, and found, only while all that it names is there; a client that has it never asks for what is gone.
import { SluiceError } from "@sluice/protocol";
import type { CacheView } from "@sluice/core/builds/cache";
import type { Call } from "../call.ts";
import { bytesOf } from "../body.ts";
import { refuse } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { digestsOfJson, digestsOfResult, digestsOfTree } from "./action-result.ts";
import { bare, arriving, notThere, sendBlob, takeBody, viewOf } from "./desk.ts";

export type BazelTool = "bazel" | "moon";

const digestPattern = /^[0-9a-f]{64}$/;
export const instancePattern = /^[\w.-]{1,128}(?:\/[\w.-]{1,128}){0,7}$/;
/** Of nothing: always there. */
export const emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Place {
  readonly instance: string;
  readonly kind: "ac" | "cas";
  readonly digest: string;
}

function placeOf(call: Call): Place {
  const parts = call.param(0).split("/");
  const digest = parts.pop() ?? "";
  const kind = parts.pop();
  const instance = parts.join("/");
  if (
    (kind === "ac" || kind === "cas") &&
    digestPattern.test(digest) &&
    (instance === "" || instancePattern.test(instance))
  ) {
    return { instance, kind, digest };
  }
  throw notThere("Something at this URL");
}

/** Action results of an instance have keys of their own; files are files. */
function spaceOf(tool: BazelTool, { instance }: Place): string {
  return instance === "" ? tool : `${tool}:${instance}`;
}

export async function getBlob(call: Call, tool: BazelTool): Promise<Response> {
  const place = placeOf(call);
  const view = await viewOf(call, "blob:read", spaceOf(tool, place));
  if (place.kind === "cas") {
    if (place.digest === emptyDigest) return bare(200);
    const blob = view.open(place.digest);
    if (typeof blob === "string") throw notThere("The file");
    return sendBlob(call, view, { blob });
  }
  const found = view.find(place.digest);
  if (found === undefined) throw notThere("The action");
  const { bytes, type } = actionIn(found.body);
  return new Response(call.request.method === "HEAD" ? null : bytes, {
    headers: { ...nosniff, "content-type": type, "content-length": String(bytes.length) },
  });
}

/** An action result as it came. */
export function actionIn(body: string): { readonly bytes: Buffer; readonly type: string } {
  const { result, type } = JSON.parse(body) as { readonly result: string; readonly type: string };
  return { bytes: Buffer.from(result, "base64"), type };
}

export async function putBlob(call: Call, tool: BazelTool): Promise<Response> {
  const place = placeOf(call);
  const view = await viewOf(call, "blob:write", spaceOf(tool, place));
  if (place.kind === "cas") return putFile(call, view, place.digest);
  const bytes = await bytesOf(call.request, { bodyBytesMax: call.parts.limits.cacheEntryBytesMax / 2 });
  const type = call.request.headers.get("content-type") ?? "application/octet-stream";
  await keepAction(view, { key: place.digest, bytes, type });
  return bare(200);
}

/** Keeps an action result. Throws `bad_request` for what is none, `conflict` where something that it names is not here. */
export async function keepAction(
  view: CacheView,
  { key, bytes, type }: { readonly key: string; readonly bytes: Uint8Array; readonly type: string },
): Promise<void> {
  const found = type.startsWith("application/json") ? digestsOfJson(bytes) : await named(view, bytes);
  if (found === undefined) refuse("bad_request", "That is no action result.", "One of REAPI v2, or as JSON.");
  const digests = found.filter((digest) => digest !== emptyDigest);
  const body = JSON.stringify({ result: Buffer.from(bytes).toString("base64"), type });
  const kept = view.commit({ key, body, digests });
  if (kept !== "incomplete") return;
  throw new SluiceError({
    code: "conflict",
    message: "The action result names a file that is not here, so that it was not kept.",
    hint: "Send the files first.",
  });
}

async function putFile(call: Call, view: CacheView, digest: string): Promise<Response> {
  const coding = call.request.headers.get("content-encoding") ?? "identity";
  if (coding !== "identity" && coding !== "zstd") {
    refuse("unsupported_media_type", `A file is not sent as ${coding.slice(0, 40)}.`, "As it is, or zstd.");
  }
  const kept =
    coding === "identity"
      ? await takeBody(call, view)
      : await view.put({ pieces: unpacked(arriving(call.request.body as ReadableStream<Uint8Array> | null)) });
  if (kept.digest === digest) return bare(200);
  return refuse("blob_mismatch", `The bytes that came are not those of ${digest}.`, "Send them again.");
}

async function* unpacked(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const [{ createZstdDecompress }, { Readable }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  const source = Readable.from(pieces, { objectMode: false });
  const plain = createZstdDecompress();
  source.on("error", (error) => plain.destroy(error));
  try {
    for await (const piece of source.pipe(plain)) yield piece as Uint8Array;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    refuse("bad_request", "The body is not what zstd makes.", "Send it again.");
  }
}

/** All that an action result names, with what is in the folders that it names; undefined for what is none. */
async function named(view: CacheView, bytes: Uint8Array): Promise<readonly string[] | undefined> {
  const found = digestsOfResult(bytes);
  if (found === undefined) return undefined;
  const all = [...found.digests];
  for (const tree of found.trees) {
    const blob = view.open(tree);
    if (typeof blob === "string") continue;
    const inside = digestsOfTree(Buffer.concat(await Array.fromAsync(view.content(blob))));
    if (inside === undefined) return undefined;
    all.push(...inside);
  }
  return all;
}
