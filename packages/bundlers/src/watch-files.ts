// Tells when one of many files may have changed: their folders are watched, since editors replace files rather than write into them.
import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { dirname, join } from "node:path";

/** Changes that come within this are one. */
const quietMs = 30;

/**
 * `isOurs`: a path that is written by whoever watches. Calls `changed` when a file of these has changed, and then watches what it resolves to; one call at a time, and none is missed.
 * Returns what ends it and resolves when the last call has.
 */
export function watchFiles(
  files: readonly string[],
  isOurs: (path: string) => boolean,
  changed: () => Promise<readonly string[]>,
): () => Promise<void> {
  const watchers = new Map<string, FSWatcher>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDirty = false;
  let isOver = false;
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    while (isDirty && !isOver) {
      isDirty = false;
      follow(await changed());
    }
    working = undefined;
  };
  const note = (): void => {
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!isOver) working ??= work();
    }, quietMs);
  };
  const follow = (now: readonly string[]): void => {
    if (isOver || now.length === 0) return;
    const folders = new Set(now.filter((path) => !path.includes("/node_modules/")).map((path) => dirname(path)));
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, (_event, name) => {
        if (name === null || !isOurs(join(folder, name))) note();
      });
      // The folder is gone: so is what was in it.
      watcher.on("error", note);
      watchers.set(folder, watcher);
    }
  };

  follow(files);
  return async () => {
    isOver = true;
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
    await working;
  };
}
