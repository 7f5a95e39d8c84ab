// Screens as cells, for those who draw cells: one viewer and one screen for each terminal that somebody looks at, gone with the last of them.
import type { Clock } from "@sluice/core";
import { Charsets, HeadlessScreen } from "@sluice/core/terminals/screen";
import { encodeCells } from "./cells-codec.ts";
import { NativeViewer } from "./native-viewer.ts";
import type { Caller, NativeApi } from "./native.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface ScreenWatcher {
  /** The whole screen, whenever it has changed; a few times a second at most. */
  shown(screen: Bytes): void;
  closed(): void;
}

/** Fastest that screens are sent. */
const paceMs = 50;

interface Watched {
  readonly watchers: Set<ScreenWatcher>;
  readonly screen: Promise<MirroredScreen>;
}

/** Keyed by who asks, too: what one may see another may not. */
export class Screens {
  readonly #native: NativeApi;
  readonly #clock: Clock;
  readonly #charsets = new Charsets();
  readonly #watched = new Map<string, Watched>();

  constructor(p: { readonly native: NativeApi; readonly clock: Clock }) {
    this.#native = p.native;
    this.#clock = p.clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#watched.size;
  }

  /** Answers how to stop. */
  watch(by: Caller, id: string, watcher: ScreenWatcher): () => void {
    const key = `${by.name}\n${id}`;
    const known = this.#watched.get(key) ?? this.#begin(by, id, key);
    known.watchers.add(watcher);
    void known.screen.then((screen) => {
      if (screen.isThere && known.watchers.has(watcher)) watcher.shown(screen.encoded());
    });
    return () => {
      known.watchers.delete(watcher);
      if (known.watchers.size > 0 || this.#watched.get(key) !== known) return;
      this.#watched.delete(key);
      void known.screen.then((screen) => screen.close());
    };
  }

  /** The screen as it is now; undefined when the terminal is gone. */
  async once(by: Caller, id: string): Promise<Bytes | undefined> {
    const seen = Promise.withResolvers<Bytes | undefined>();
    const stop = this.watch(by, id, { shown: seen.resolve, closed: () => seen.resolve(undefined) });
    const bytes = await seen.promise;
    stop();
    return bytes;
  }

  close(): void {
    for (const { screen } of this.#watched.values()) void screen.then((each) => each.close());
    this.#watched.clear();
  }

  #begin(by: Caller, id: string, key: string): Watched {
    const watchers = new Set<ScreenWatcher>();
    const screen = MirroredScreen.open({
      native: this.#native,
      clock: this.#clock,
      charsets: this.#charsets,
      by,
      id,
      changed: (bytes) => {
        for (const watcher of watchers) watcher.shown(bytes);
      },
      closed: () => {
        if (this.#watched.get(key) === watched) this.#watched.delete(key);
        for (const watcher of Array.from(watchers)) watcher.closed();
      },
    });
    const watched: Watched = { watchers, screen };
    this.#watched.set(key, watched);
    return watched;
  }
}

class MirroredScreen {
  readonly #p: Parameters<typeof MirroredScreen.open>[0];
  #viewer: NativeViewer | undefined;
  #screen: HeadlessScreen | undefined;
  #mark = 0;
  #stopTimer: (() => void) | undefined;

  private constructor(p: Parameters<typeof MirroredScreen.open>[0]) {
    this.#p = p;
  }

  static async open(p: {
    readonly native: NativeApi;
    readonly clock: Clock;
    readonly charsets: Charsets;
    readonly by: Caller;
    readonly id: string;
    readonly changed: (screen: Bytes) => void;
    readonly closed: () => void;
  }): Promise<MirroredScreen> {
    const mirrored = new MirroredScreen(p);
    mirrored.#viewer = await NativeViewer.open(p.native, p, {
      snapshot: (bytes, size) => mirrored.#begin(bytes, size),
      output: (bytes) => mirrored.#take(bytes),
      resized: (size) => {
        mirrored.#screen?.resize(size, ++mirrored.#mark);
        mirrored.#soon();
      },
      state: () => undefined,
      closed: () => {
        mirrored.close();
        p.closed();
      },
    });
    return mirrored;
  }

  /** Whether there is something to show yet. */
  get isThere(): boolean {
    return this.#screen !== undefined;
  }

  encoded(): Bytes {
    return this.#screen === undefined ? new Uint8Array(0) : encodeCells(this.#screen.cells());
  }

  close(): void {
    this.#stopTimer?.();
    this.#viewer?.close();
    this.#screen?.close();
    this.#screen = undefined;
  }

  #begin(bytes: Bytes, { cols, rows }: { readonly cols: number; readonly rows: number }): void {
    this.#screen?.close();
    this.#screen = new HeadlessScreen(
      { cols, rows, scrollbackLines: 0, charsets: this.#p.charsets },
      { reply: () => undefined, title: () => undefined, bell: () => undefined },
    );
    this.#screen.write(bytes);
    this.#viewer?.acknowledge();
    this.#p.changed(this.encoded());
  }

  #take(bytes: Bytes): void {
    this.#screen?.write(bytes);
    this.#viewer?.acknowledge();
    this.#soon();
  }

  #soon(): void {
    this.#stopTimer ??= this.#p.clock.after(paceMs, () => {
      this.#stopTimer = undefined;
      if (this.#screen !== undefined) this.#p.changed(this.encoded());
    });
  }
}
