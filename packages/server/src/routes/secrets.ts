// Secrets: set, listed and removed. A value comes in and never goes out.
import { unwrap } from "@sluice/core";
import { secretBytesMax } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { textOf } from "../fields.ts";
import { done, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

export async function listSecrets(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { secrets: await call.parts.vault.list() });
}

export async function setSecret(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["value"]);
  const value = textOf(body, "value", secretBytesMax);
  const version = unwrap(await call.parts.vault.set({ by: call.actor, name: call.param(0), value }));
  return reply("json", 200, { version });
}

export async function removeSecret(call: Call): Promise<Response> {
  call.query().done();
  unwrap(await call.parts.vault.remove({ by: call.actor, name: call.param(0) }));
  return done();
}

export async function rotateSecrets(call: Call): Promise<Response> {
  await bodyOf(call, []);
  const { resealed } = unwrap(await call.parts.vault.rotate({ by: call.actor }));
  return reply("json", 200, { resealed });
}
