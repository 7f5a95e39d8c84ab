// One value of a run whole, as a download. Large ones pass from the disk to the client without being held here.
import { decodeValue, SluiceError, valueToJson } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";
import type { Call } from "../call.ts";
import { quoted } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { tokensFor } from "../journal-tokens.ts";
import { runNotFound } from "./runs.ts";

const readPermission: Permission = "run:read";
/** Parts of a run that are values of their own; a whole number is a step of it. */
const parts = ["input", "output", "progress"] as const;

export async function getRunValue(call: Call): Promise<Response> {
  call.query().done();
  const run = call.param(0);
  const part = call.param(1);
  const found = await storedValue(call, run, part);
  const { stored } = found;
  const etag = `"${hashOf(stored)}-${call.wire}"`;
  const headers = {
    "content-type": call.wire === "value" ? valueMediaType : "application/json",
    "content-disposition": `attachment; filename="${fileName(run, part)}.${call.wire === "value" ? "msgpack" : "json"}"`,
    "cache-control": "private, no-cache",
    vary: "accept",
    etag,
    ...nosniff,
  };
  if (call.request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  return new Response(await bodyOf(call, found), { headers });
}

/** What is stored, and whether a file of it holds it encrypted. */
interface Part {
  readonly stored: Uint8Array;
  readonly sealed: boolean;
}

/** What is stored for a part of a run. Throws `run_not_found`, `step_not_found`, or `not_found` where there is no value. */
async function storedValue(call: Call, run: string, part: string): Promise<Part> {
  const { store } = call.parts;
  const access = call.access(readPermission);
  const record = await store.getRun({ run, access });
  if (record === undefined) throw runNotFound(run);
  const named = parts.find((each) => each === part);
  const sealed = record.payloadKey !== undefined;
  if (named !== undefined) return { stored: record[named] ?? noValue(`The run has no ${named}.`), sealed };
  const seq = /^-?\d{1,15}$/.test(part) ? Number(part) : undefined;
  const entry = seq === undefined ? undefined : await store.figures.getEntry({ run, seq });
  if (entry === undefined) {
    const message = `The run has no step ${quoted(part)}.`;
    const hint = `Ask for ${parts.join(", ")}, or the number of a step.`;
    throw new SluiceError({ code: "step_not_found", message, hint });
  }
  const mayShow = await tokensFor(call, record.workflow)(entry);
  return { stored: (mayShow ? entry.value : undefined) ?? noValue(`Step ${part} has no result.`), sealed };
}

function noValue(message: string): never {
  throw new SluiceError({
    code: "not_found",
    message,
    hint: "Look at the run's status: it may not have got that far.",
  });
}

/** The same for the same bytes, whether they are in the row or elsewhere. */
function hashOf(stored: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(stored).digest("hex").slice(0, 32);
}

/** Nothing that a header or a file system would take for more than a name. */
function fileName(run: string, part: string): string {
  return `${run}-${part}`.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 200);
}

async function bodyOf(
  call: Call,
  { stored, sealed }: Part,
): Promise<NonNullable<ConstructorParameters<typeof Response>[0]>> {
  const { engine, wire, parts: all } = call;
  const file = sealed ? undefined : await engine.values.fileOf(stored);
  if (file !== undefined) return wire === "value" ? Bun.file(file) : all.valueJson.read(file);
  const bytes = await engine.values.load(stored);
  return wire === "value" ? bytes.slice() : JSON.stringify(valueToJson(decodeValue(bytes)));
}
