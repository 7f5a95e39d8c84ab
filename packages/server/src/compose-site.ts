// What stays when the data is replaced: the address. It answers with what serves, and restores backups by putting something
// else in its place.
import { statfsSync } from "node:fs";
import { basename, join } from "node:path";
import { systemClock } from "@sluice/core";
import type { Actor } from "@sluice/core";
import { stateIntent } from "@sluice/core/identity";
import type { StatedIntent } from "@sluice/core/identity";
import { dataFiles, settleReplacement } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { Connections, IncomingBackup, Restored } from "./call.ts";
import { recordRestore, restoreAction } from "./compose-audit.ts";
import type { Ground } from "./compose-parts.ts";
import { startServing } from "./compose-serving.ts";
import type { Serving } from "./compose-serving.ts";
import type { StagedBackup } from "./compose-unpack.ts";
import { failure } from "./wire.ts";

/** Room that a backup must leave on the disk: what serves goes on meanwhile. */
const freeBytesMin = 268_435_456;

export class Site {
  readonly #ground: Ground;
  #serving: Serving;
  /** Nothing is served but the word that it will be. */
  #closed = false;
  /** A backup is on its way in or being put into place. */
  #restoring = false;
  #stopping = false;
  /** Deployments and replacements of the data, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #replacing: Promise<unknown> = Promise.resolve();

  private constructor(ground: Ground, serving: Serving) {
    this.#ground = ground;
    this.#serving = serving;
  }

  /** Starts to serve. `ground.restore` is the site's own. */
  static async open(ground: Omit<Ground, "restore">): Promise<Site> {
    const opened = Promise.withResolvers<Site>();
    const whole = { ...ground, restore: async (p: IncomingBackup) => (await opened.promise).restore(p) };
    const site = new Site(whole, await startServing(whole));
    opened.resolve(site);
    return site;
  }

  get serving(): Serving {
    return this.#serving;
  }

  readonly fetch = (request: Request, connections: Connections): Promise<Response> | Response => {
    if (this.#closed && URL.parse(request.url)?.pathname !== "/health") return beingRestored();
    return this.#serving.http.fetch(request, connections);
  };

  /** Does something with what serves, at a time when the data is not being replaced; one at a time. */
  inTurn<T>(work: (serving: Serving) => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => work(this.#serving));
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /**
   * Replaces the data by that of a backup. It is checked completely while everything goes on; rejects when it cannot be used,
   * and nothing has happened then.
   */
  async restore({ archive, by, bytes = 0 }: IncomingBackup): Promise<Restored> {
    const { folder } = this.#ground.folder;
    const { audit, instance } = this.#serving.store;
    if (this.#restoring) throw refused("Another backup is being restored.");
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < bytes + freeBytesMin) throw noRoom(bytes);
    this.#restoring = true;
    try {
      const writer = { log: audit, clock: systemClock };
      const intent = await stateIntent(writer, { by, action: restoreAction, target: `backup:${instance}` });
      const { stageBackup } = await import("./compose-unpack.ts");
      const staged = await stageBackup({ archive, data: folder, now: systemClock.now() }).catch(
        async (error: unknown) => {
          await intent.failed(error);
          throw error;
        },
      );
      const replacing = this.inTurn((serving) => this.#replace(serving, staged, { by, intent }));
      this.#replacing = replacing.catch(() => undefined);
      return await replacing;
    } finally {
      this.#restoring = false;
    }
  }

  async #replace(
    serving: Serving,
    { replacement, ...about }: StagedBackup,
    { by, intent }: { readonly by: Actor; readonly intent: StatedIntent },
  ): Promise<Restored> {
    const { folder, options } = this.#ground;
    if (this.#stopping || serving.backingUp()) {
      replacement.discard();
      const why = this.#stopping
        ? new SluiceError({ code: "draining", message: "The server is stopping." })
        : refused("A backup is being made.");
      await intent.failed(why);
      throw why;
    }
    this.#closed = true;
    const { version, error } = serving.deployer.state;
    try {
      const replaces = await serving.drain();
      await serving.close();
      await recordRestore(join(replacement.folder, dataFiles.database), { ...about, by, replaces });
      // From the commit on there is no way back: a server that starts again finishes what this one does not.
      replacement.commit();
      const before = settleReplacement(folder.folder)?.before;
      this.#serving = await startServing(this.#ground, replaces);
      if (version !== "") await this.#serving.deployer.restore(version, error);
      this.#closed = false;
      const restored = { ...about, before: before === undefined ? undefined : basename(before) };
      options.log("info", "a backup was restored", restored);
      return restored;
    } catch (cause) {
      throw this.#end(cause);
    }
  }

  /** There is nothing to go on with: the next start finds wholly the data before, or wholly that of the backup. */
  #end(cause: unknown): SluiceError {
    const said = cause instanceof Error ? cause.message : String(cause);
    const error = new SluiceError(
      { code: "store_failed", message: `The data could not be replaced: ${said}`, hint: "Start the server again." },
      { cause },
    );
    this.#ground.options.onFatal(error);
    return error;
  }

  /** Stops what serves, after the replacement under way. `drained` is called when the store is closed. */
  async stop(drained: () => unknown): Promise<void> {
    this.#stopping = true;
    await this.#replacing;
    await this.#serving.drain();
    await drained();
    await this.#serving.close();
  }
}

function beingRestored(): Response {
  return failure({
    code: "draining",
    message: "A backup is being restored: the data is being replaced.",
    hint: "Try again in a moment.",
  });
}

function refused(message: string): SluiceError {
  return new SluiceError({ code: "conflict", message, hint: "Wait until it is done, then restore." });
}

function noRoom(bytes: number): SluiceError {
  return new SluiceError({
    code: "disk_full",
    message: `The disk that holds the data folder has no room for a backup of ${bytes} bytes; nothing was replaced.`,
    hint: "Free some space and restore again.",
  });
}
