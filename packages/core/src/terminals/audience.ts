// Those who look on at one session, and which of them decides about its size.
import type { TerminalRole } from "@sluice/protocol";
import type { TerminalState } from "@sluice/protocol/terminal-frames";
import type { LogPlace } from "./output-log.ts";
import type { Bytes } from "./ports.ts";
import { Viewer } from "./viewer.ts";
import type { ViewerEnd, ViewerLink, ViewerParts } from "./viewer.ts";

export interface NewViewer {
  readonly link: ViewerLink;
  readonly role: TerminalRole;
  readonly from: LogPlace | undefined;
  readonly drive: boolean;
}

/** What all are told, but for what is about each of them. */
export type SharedState = Omit<TerminalState, "viewers" | "role" | "drives" | "driven">;

export class Audience {
  readonly #viewers = new Set<Viewer>();
  readonly #parts: ViewerParts;
  #driver: Viewer | undefined;

  constructor(parts: ViewerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#viewers.size;
  }

  get driver(): Viewer | undefined {
    return this.#driver;
  }

  /** The first that may type and wants to decides about the size until somebody else takes that over. It is to be begun. */
  add(p: NewViewer): Viewer {
    const viewer = new Viewer(this.#parts, p);
    this.#viewers.add(viewer);
    if (p.drive && p.role === "writer") this.#driver ??= viewer;
    return viewer;
  }

  /** False for one that was not there. */
  remove(viewer: Viewer): boolean {
    viewer.leave();
    if (this.#driver === viewer) this.#driver = undefined;
    return this.#viewers.delete(viewer);
  }

  /** A viewer takes over the size, or leaves it as it is. False where it may not. */
  drive(viewer: Viewer, on: boolean): boolean {
    if (viewer.role !== "writer" || !this.#viewers.has(viewer)) return false;
    if (on) this.#driver = viewer;
    else if (this.#driver === viewer) this.#driver = undefined;
    return true;
  }

  /** There is more to see; `fresh` as in `Viewer.pump`. */
  pump(fresh?: { readonly offset: number; readonly frame: Bytes }): void {
    for (const viewer of this.#viewers) viewer.pump(fresh);
  }

  tell(state: SharedState): void {
    for (const viewer of this.#viewers) {
      const own = { role: viewer.role, drives: viewer === this.#driver, driven: this.#driver !== undefined };
      viewer.tell({ ...state, viewers: this.#viewers.size, ...own });
    }
  }

  /** Sends all of them away. */
  dismiss(reason: ViewerEnd): void {
    // Those whose turn has come may be taken out of a set that is being gone through.
    for (const viewer of this.#viewers) {
      this.remove(viewer);
      viewer.link.end(reason);
    }
  }
}
