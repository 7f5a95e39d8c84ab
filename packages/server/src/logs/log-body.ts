// Bodies of requests that carry log entries, and what becomes of them.
import { RefusedRequest } from "@sluice/core/logs";
import type { Appended, Collector } from "@sluice/core/logs";
import { SluiceError } from "@sluice/protocol";
import { bytesOf } from "../body.ts";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { decompressed } from "../hooks/content-encoding.ts";
import type { LogDesk } from "./log-desk.ts";
import { tenantOf } from "./tenant.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

export async function deskOf(call: Call): Promise<LogDesk> {
  const { logs } = call.parts;
  if (logs !== undefined) return logs();
  throw new SluiceError({ code: "unavailable", message: "This server keeps no logs." });
}

/** The body, unpacked; Snappy is for whoever reads what is in it. */
export async function sentBytes(call: Call, { limits }: LogDesk): Promise<Uint8Array> {
  const bodyBytesMax = limits.logBodyBytesMax;
  const bytes = await bytesOf(call.request, { bodyBytesMax: Math.min(bodyBytesMax, call.parts.limits.bodyBytesMax) });
  const coding = call.request.headers.get("content-encoding");
  const name = coding?.trim().toLowerCase() ?? "";
  if (["", "identity", "snappy"].includes(name)) return bytes;
  const { budget } = call.parts;
  const whole = await decompressed(bytes, coding, { bodyBytesMax, budget });
  budget.give(whole.length);
  return whole;
}

export function textOfBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return refuse("invalid_json", "The body is not UTF-8.", "Send text encoded as UTF-8.");
  }
}

/** Reads with a format; what that cannot take is told to the sender. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RefusedRequest)) throw error;
    return refuse(error.code, error.message, "docs/logs.md says what each format looks like.");
  }
}

export function mediaType({ headers }: Request): string {
  return (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

export function hashOf(bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** What was written. Throws `idempotency_conflict`. */
export function taken(appended: Appended): Exclude<Appended, { readonly outcome: "conflict" }> {
  if (appended.outcome !== "conflict") return appended;
  return refuse(
    "idempotency_conflict",
    "This idempotency key was used for other entries.",
    "Take another key for other entries.",
  );
}

/** A request of a format that knows no keys: read, and on the disk when this resolves. */
export async function takeEntries<T>(
  call: Call,
  read: (collector: Collector, bytes: Uint8Array) => T,
): Promise<{ readonly collector: Collector; readonly read: T; readonly firstSeq: number }> {
  const tenant = tenantOf(call, "log:write");
  const desk = await deskOf(call);
  const bytes = await sentBytes(call, desk);
  const collector = desk.collector(tenant);
  const found = reading(() => read(collector, bytes));
  const { firstSeq } = taken(await desk.store.append(collector.batch(tenant)));
  return { collector, read: found, firstSeq };
}
