// Screens offer what can be done on them to the palette and to the keyboard.
import { useEffect, useSyncExternalStore } from "react";
import { useParts } from "../parts.ts";
import { useMayOf } from "../session/session.ts";
import type { Action } from "./actions.ts";

/** Offers actions while the component is there. `actions` has to come from `useMemo`. */
export function useActions(actions: readonly Action[]): void {
  const { actions: registry } = useParts();
  useEffect(() => registry.offer(actions), [registry, actions]);
}

/** The actions that can be run now, by whoever is signed in. */
export function useCurrentActions(): readonly Action[] {
  const { actions } = useParts();
  const may = useMayOf();
  const current = useSyncExternalStore(actions.subscribe, () => actions.current);
  return current.filter((action) => action.needs === undefined || may(action.needs));
}
