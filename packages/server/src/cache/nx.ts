// Nx's self-hosted remote cache, version 1: what a task left, by a decimal hash. It fails builds for whatever it does not know, so
// that `foreign-failure.ts` says as little as possible.
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { checkArchive } from "./archive-check.ts";
import { findArtifact, keepArtifact } from "./artifacts.ts";
import { bare, notThere, sendBlob, takeBody, viewOf } from "./desk.ts";

const hashPattern = /^[0-9A-Za-z_-]{1,128}$/;
const space = "nx";

function hashOf(call: Call): string {
  const hash = call.param(0);
  return hashPattern.test(hash) ? hash : refuse("bad_request", "That is no hash of a task.", "A number.");
}

export async function get(call: Call): Promise<Response> {
  const view = await viewOf(call, "blob:read", space);
  const artifact = findArtifact(view, hashOf(call), { use: true });
  if (artifact === undefined) throw notThere("The task");
  return sendBlob(call, view, { blob: artifact.blob });
}

/** 409 for what was there before: Nx goes on without a word. */
export async function put(call: Call): Promise<Response> {
  const view = await viewOf(call, "blob:write", space);
  const key = hashOf(call);
  const { digest } = await takeBody(call, view);
  await checkArchive(call, view, { digest, packed: "gzip" });
  const kept = keepArtifact(view, { key, digest, words: {} });
  return bare(kept === "kept-first" ? 409 : 200);
}
