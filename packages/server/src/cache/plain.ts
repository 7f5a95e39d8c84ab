// ccache and Gradle: content under a key, put and got as it is.
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { findArtifact, keepArtifact } from "./artifacts.ts";
import { bare, notThere, sendBlob, takeBody, viewOf } from "./desk.ts";

const keyPattern = /^[\w./-]{1,512}$/;

export interface PlainTool {
  readonly space: "ccache" | "gradle";
  /** ccache adds to what it has under a key; Gradle's keys have one content. */
  readonly replace: boolean;
}

export const ccache: PlainTool = { space: "ccache", replace: true };
export const gradle: PlainTool = { space: "gradle", replace: false };

function keyOf(call: Call): string {
  const key = call.param(0);
  return keyPattern.test(key)
    ? key
    : refuse("bad_request", "That is no key.", "Letters, digits, dots, dashes, slashes.");
}

export async function getPlain(call: Call, { space }: PlainTool): Promise<Response> {
  const view = await viewOf(call, "blob:read", space);
  const artifact = findArtifact(view, keyOf(call), { use: call.request.method !== "HEAD" });
  if (artifact === undefined) throw notThere("The key");
  return sendBlob(call, view, { blob: artifact.blob });
}

export async function putPlain(call: Call, { space, replace }: PlainTool): Promise<Response> {
  const view = await viewOf(call, "blob:write", space);
  const key = keyOf(call);
  const { digest } = await takeBody(call, view);
  keepArtifact(view, { key, digest, words: {}, replace });
  return bare(200);
}

export async function removePlain(call: Call, { space }: PlainTool): Promise<Response> {
  const view = await viewOf(call, "blob:write", space);
  view.remove(keyOf(call));
  return bare(204);
}
