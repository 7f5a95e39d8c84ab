// What changes in the folder of a workspace, told when it has been quiet for a moment.
import { watch } from "node:fs";
import type { Changes } from "../run/watch.ts";

/** Of folders with these names nothing is told. */
const ignored = new Set(["node_modules", ".git", ".sluice", ".turbo", ".nx"]);
/** Whoever saves many files has the next one written by then. */
const quietMs = 50;

export function isTold(path: string): boolean {
  return !path.split("/").some((part) => ignored.has(part));
}

/** `after`: a timer. Begins to look at once. */
export function machineChanges(root: string, after: (delayMs: number, callback: () => void) => () => void): Changes {
  let [isChanged, isClosed] = [false, false];
  let waiting: (() => void) | undefined;
  let cancel: (() => void) | undefined;
  const tell = (): void => {
    if (!isChanged && !isClosed) return;
    isChanged = false;
    const told = waiting;
    waiting = undefined;
    told?.();
  };
  const watcher = watch(root, { recursive: true }, (_event, name) => {
    // Without a name anything may have changed.
    if (name !== null && !isTold(name)) return;
    isChanged = true;
    cancel?.();
    cancel = after(quietMs, () => {
      if (waiting !== undefined) tell();
    });
  });
  return {
    async next() {
      if (isClosed) return;
      const changed = Promise.withResolvers<void>();
      waiting = changed.resolve;
      // What came before somebody waited has been quiet for long enough, or its timer is still to come.
      if (isChanged) {
        cancel?.();
        cancel = after(quietMs, tell);
      }
      await changed.promise;
    },
    close() {
      isClosed = true;
      cancel?.();
      watcher.close();
      tell();
    },
  };
}
