// How a server takes the place of the one that runs over its data folder: it shows that it can serve, asks for the place, listens
// beside the other and holds what comes, waits for the data folder, and answers when it serves.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@sluice/core";
import { openDataFolder } from "@sluice/core/store/sqlite";
import type { DataFolder } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { BuiltCode } from "../bundle-messages.ts";
import { listen } from "../compose-listen.ts";
import type { Answering, Listener } from "../compose-listen.ts";
import type { ComposeOptions } from "../compose-parts.ts";
import { httpLimits, requestBytesMax } from "../limits.ts";
import { socketHandler } from "../sockets.ts";
import { failure } from "../wire.ts";
import { askForPlace } from "./asking.ts";
import type { Asking } from "./asking.ts";
import { openInbox } from "./inbox.ts";
import { canShare, takeConnections } from "./port-sharing.ts";
import { rehearse } from "./rehearsal.ts";

/** A successor that has not come to its place by then gives up; running steps of the server before get `drainMs` of it. */
const takeoverMsMax = 120_000;
const tryEveryMs = 20;

/** A data folder to serve over, and what is there already when its server was replaced. */
export interface Place {
  readonly folder: DataFolder;
  /** Undefined when there was no server. */
  readonly taken: Taken | undefined;
}

export interface Taken {
  /** Listens, and holds what comes until it is `opened`. */
  readonly listener: Listener;
  /** Undefined when the bundle has to be made again. */
  readonly built: BuiltCode | undefined;
  /** Resolves when the server before is gone. */
  readonly alone: Promise<void>;
  opened(fetch: Answering["fetch"]): void;
  /** Nothing will be served: whoever waits is told. Does nothing once it was opened. */
  giveUp(): Promise<void>;
}

/**
 * Opens the data folder of the settings, from whoever has it. Rejects with what the other server refuses it for, with
 * `data_folder_locked` when no server answers for it, and with what is wrong with the project or the data.
 */
export async function takePlace(options: ComposeOptions): Promise<Place> {
  const { data } = options.settings;
  const free = await openIfFree(data);
  if (free !== undefined) return { folder: free, taken: undefined };
  if (!canShare) throw linuxOnly();
  const built = await rehearse(options, join(data, "code"));
  const endAt = systemClock.now() + takeoverMsMax;
  for (;;) {
    const asking = await askForPlace(options);
    if (asking !== undefined) {
      const place = await follow(options, asking, { built, endAt });
      if (place !== undefined) return place;
    }
    // Its server is starting, stopping, or has died.
    const folder = await openIfFree(data);
    if (folder !== undefined) return { folder, taken: undefined };
    if (systemClock.now() >= endAt) return { folder: await openDataFolder({ folder: data }), taken: undefined };
    await new Promise<void>((resolve) => systemClock.after(tryEveryMs, resolve));
  }
}

/** Undefined when the server went away before this one listened. */
async function follow(
  options: ComposeOptions,
  asking: Asking,
  p: { readonly built: BuiltCode; readonly endAt: number },
): Promise<Place | undefined> {
  const { settings, log } = options;
  const port = await asking.sharing;
  if (port === undefined) return undefined;
  const hold = new Hold();
  const limits = { ...httpLimits, ...settings.limits };
  const answering: Answering = {
    idleTimeout: limits.idleTimeoutSeconds,
    maxRequestBodySize: requestBytesMax(limits),
    websocket: socketHandler(limits),
    fetch: hold.fetch,
  };
  const listener = listen({ ...options, settings: { ...settings, port } }, answering, { shared: true });
  const inbox = openInbox(settings.data, answering);
  const end = async (): Promise<void> => {
    if (hold.isOpen) return;
    hold.open(() => givenUp());
    await inbox.stop();
    await listener.stop();
    asking.close();
  };
  if (!takeConnections(port)) log("warn", "new connections are shared until the server before is gone", { port });
  asking.listening(inbox.path);
  void asking.ended.then(() => inbox.stop());
  try {
    await asking.released;
    const folder = await openBefore(settings.data, p.endAt);
    const built = existsSync(p.built.file) ? p.built : undefined;
    const opened = (fetch: Answering["fetch"]): void => hold.open(fetch);
    return { folder, taken: { listener, built, alone: asking.ended, opened, giveUp: end } };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Requests that came before there was anything to answer them. */
class Hold {
  readonly #opened = Promise.withResolvers<Answering["fetch"]>();
  #behind: Answering["fetch"] | undefined;

  readonly fetch: Answering["fetch"] = (request, connections) => {
    if (this.#behind !== undefined) return this.#behind(request, connections);
    return this.#opened.promise.then((fetch) => fetch(request, connections));
  };

  get isOpen(): boolean {
    return this.#behind !== undefined;
  }

  open(fetch: Answering["fetch"]): void {
    this.#behind = fetch;
    this.#opened.resolve(fetch);
  }
}

async function openIfFree(folder: string): Promise<DataFolder | undefined> {
  try {
    return await openDataFolder({ folder });
  } catch (error) {
    if (error instanceof SluiceError && error.code === "data_folder_locked") return undefined;
    throw error;
  }
}

/** The server before has let go of the folder, or has died and the kernel will. Rejects when somebody else has it then. */
async function openBefore(folder: string, endAt: number): Promise<DataFolder> {
  for (;;) {
    const open = await openIfFree(folder);
    if (open !== undefined) return open;
    if (systemClock.now() >= endAt) return openDataFolder({ folder });
    await new Promise<void>((resolve) => systemClock.after(tryEveryMs, resolve));
  }
}

function givenUp(): Response {
  return failure({ code: "draining", message: "The server could not start.", hint: "Ask again." });
}

function linuxOnly(): SluiceError {
  return new SluiceError({
    code: "unavailable",
    message: "A running server can be replaced on Linux only.",
    hint: "Stop it, then start this one.",
  });
}
