// Turborepo's remote cache, version 8: artifacts by 16 hex digits. `TURBO_API` is the address of the server with /cache/turbo.
import { SluiceError } from "@sluice/protocol";
import type { CacheView } from "@sluice/core/builds/cache";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { reply } from "../wire.ts";
import { checkArchive } from "./archive-check.ts";
import { findArtifact, keepArtifact } from "./artifacts.ts";
import { notThere, sendBlob, takeBody, viewOf } from "./desk.ts";

const hashPattern = /^[0-9A-Za-z]{1,128}$/;
const teamCharsMax = 128;
const hashesMax = 10_000;
const headerCharsMax = 1_024;

interface Words {
  readonly durationMs: number;
  readonly tag?: string | undefined;
  readonly sha?: string | undefined;
  readonly dirtyHash?: string | undefined;
}

/** Teams have keys of their own. */
async function turboView(call: Call, permission: "blob:read" | "blob:write"): Promise<CacheView> {
  const parameters = new URLSearchParams(call.queryText);
  const team = parameters.get("teamId") ?? parameters.get("slug") ?? "";
  if (team.length > teamCharsMax) refuse("bad_request", "The name of the team is too long.", "Up to 128 characters.");
  return viewOf(call, permission, team === "" ? "turbo" : `turbo:${team}`);
}

function hashOf(call: Call): string {
  const hash = call.param(0);
  if (hashPattern.test(hash)) return hash;
  return refuse("bad_request", "That is no hash of a task.", "Hexadecimal digits.");
}

export async function status(call: Call): Promise<Response> {
  await turboView(call, "blob:read");
  return reply("json", 200, { status: "enabled" });
}

export async function events(call: Call): Promise<Response> {
  // What it had and had not is counted where it is asked; the body is read so that the connection stays in order.
  await call.body();
  return reply("json", 200, {});
}

export async function query(call: Call): Promise<Response> {
  const view = await turboView(call, "blob:read");
  const { hashes } = (await call.body()).content as { readonly hashes?: unknown };
  const fits = Array.isArray(hashes) && hashes.length <= hashesMax && hashes.every((hash) => typeof hash === "string");
  if (!fits) refuse("bad_request", "hashes is not a list of hashes.", `At most ${hashesMax} of them.`);
  const found = hashes.map((hash) => {
    const artifact = findArtifact<Words>(view, hash, { use: false });
    if (artifact === undefined) return [hash, null];
    const { durationMs, ...others } = artifact.words;
    return [hash, { size: artifact.blob.size, taskDurationMs: durationMs, ...others }];
  });
  return reply("json", 200, Object.fromEntries(found));
}

export async function get(call: Call): Promise<Response> {
  const view = await turboView(call, "blob:read");
  const artifact = findArtifact<Words>(view, hashOf(call), { use: call.request.method !== "HEAD" });
  if (artifact === undefined) throw notThere("The artifact");
  const { durationMs, tag, sha, dirtyHash } = artifact.words;
  const headers: Record<string, string> = { "x-artifact-duration": String(durationMs) };
  if (tag !== undefined) headers["x-artifact-tag"] = tag;
  if (sha !== undefined) headers["x-artifact-sha"] = sha;
  if (dirtyHash !== undefined) headers["x-artifact-dirty-hash"] = dirtyHash;
  return sendBlob(call, view, { blob: artifact.blob, headers });
}

export async function put(call: Call): Promise<Response> {
  const view = await turboView(call, "blob:write");
  const key = hashOf(call);
  const said = (name: string): string | undefined => {
    const value = call.request.headers.get(name) ?? undefined;
    if (value !== undefined && value.length > headerCharsMax)
      refuse("bad_request", `${name} is too long.`, "Shorten it.");
    return value;
  };
  const duration = said("x-artifact-duration") ?? "0";
  if (!/^\d{1,15}$/.test(duration)) refuse("bad_request", "x-artifact-duration is no number.", "Milliseconds.");
  const words: Words = {
    durationMs: Number(duration),
    tag: said("x-artifact-tag"),
    sha: said("x-artifact-sha"),
    dirtyHash: said("x-artifact-dirty-hash"),
  };
  const { digest } = await takeBody(call, view);
  await checkArchive(call, view, { digest, packed: "zstd" });
  const kept = keepArtifact(view, { key, digest, words });
  if (kept === "incomplete") throw new SluiceError({ code: "store_failed", message: "The artifact was not kept." });
  return reply("json", 202, { urls: [] });
}
