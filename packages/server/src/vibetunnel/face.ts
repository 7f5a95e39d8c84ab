// What every route of the face has at hand.
import type { Clock, Logger } from "@sluice/core";
import type { Context } from "hono";
import type { FaceEvents } from "./events.ts";
import type { FaceFiles } from "./files.ts";
import type { FaceLog } from "./log.ts";
import type { Caller, NativeApi } from "./native.ts";
import type { FaceOptions } from "./options.ts";
import type { Remotes } from "./remotes.ts";
import type { Screens } from "./screens.ts";
import type { SessionBook } from "./session-book.ts";

export interface Face {
  readonly native: NativeApi;
  readonly screens: Screens;
  readonly sessions: SessionBook;
  readonly files: FaceFiles;
  readonly events: FaceEvents;
  readonly log: FaceLog;
  readonly remotes: Remotes | undefined;
  readonly options: FaceOptions;
  readonly clock: Clock;
  readonly tell: Logger;
  /** Of the product. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Of a request: where it comes from, and who is asking once that is known. */
export interface FaceEnv {
  readonly Bindings: { readonly address: string | undefined; readonly caller: Caller | undefined };
  readonly Variables: { caller: Caller };
}
export type FaceCall = Context<FaceEnv>;

/** The JSON object of a body; empty where there is none. */
export async function bodyOf(call: FaceCall): Promise<Readonly<Record<string, unknown>>> {
  const text = await call.req.text();
  if (text === "") return {};
  const body: unknown = JSON.parse(text);
  return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

/** Undefined for anything but a text that is not empty. */
export function textIn(body: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = body[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
