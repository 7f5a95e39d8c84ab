// Follows builds: those that have not ended, and those that have since it was looked last.
import type { BuildEvent, BuildRecord } from "../../kernel/build-store.ts";
import type { ProductTrail } from "../../kernel/product-trail.ts";
import type { Place } from "../entry.ts";
import type { LogStore } from "../storage/log-store.ts";
import { buildEntries } from "./build-entries.ts";
import type { OwnEntry } from "./run-entries.ts";

const listMax = 100;
const eventsMax = 1_000;
const bytesMax = 1024 * 1024;
const place = "builds";
const prefix = "build:";

type Tell = (entries: readonly OwnEntry[], places: readonly Place[]) => Promise<void>;

interface FollowerParts {
  readonly trail: Pick<ProductTrail, "builds">;
  readonly store: Pick<LogStore, "places">;
}

export class BuildFollower {
  readonly #parts: FollowerParts;
  /** Id of the newest build before which all have ended and were told. */
  #from: string | undefined;
  /** Number of the last event that was told, of builds behind it. */
  readonly #told = new Map<string, number>();

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  async tell(tell: Tell): Promise<void> {
    const { trail, store } = this.#parts;
    if (this.#from === undefined) {
      const [kept] = await store.places([place]);
      this.#from = kept?.value ?? (await trail.builds.listBuilds({ limit: 1 })).builds[0]?.id ?? "";
      if (kept === undefined) await tell([], [{ name: place, value: this.#from, open: false }]);
    }
    let done = true;
    let cursor: string | undefined = this.#from === "" ? undefined : this.#from;
    do {
      const page = await trail.builds.listBuilds({
        order: "oldest",
        limit: listMax,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const build of page.builds) {
        const all = await this.#tellBuild(build, tell);
        done &&= all && build.endedAt !== undefined;
        if (!done) continue;
        this.#from = build.id;
        this.#told.delete(build.id);
        await tell([], [{ name: place, value: build.id, open: false }]);
      }
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** True when all of it there is now was told. */
  async #tellBuild(build: BuildRecord, tell: Tell): Promise<boolean> {
    const { trail, store } = this.#parts;
    let after = this.#told.get(build.id);
    if (after === undefined) {
      const [kept] = await store.places([prefix + build.id]);
      after = Number(kept?.value ?? 0);
    }
    while (after < build.events) {
      const read = { build: build.id, after, limit: eventsMax, bytesMax };
      // Later ones are told with what is known of the build by then.
      const events: readonly BuildEvent[] = (await trail.builds.readBuildEvents(read)).filter(
        ({ no }) => no <= build.events,
      );
      const last = events.at(-1);
      // What is not kept any more cannot be told.
      if (last === undefined) break;
      await tell(buildEntries(build, events), [{ name: prefix + build.id, value: String(last.no), open: false }]);
      after = last.no;
      this.#told.set(build.id, after);
    }
    this.#told.set(build.id, Math.max(after, build.events));
    return true;
  }
}
