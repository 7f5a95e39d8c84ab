// What every part of the console may use, made once in main.tsx and handed down: no module keeps state of its own.
import type { QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useSyncExternalStore } from "react";
import type { LiveHub } from "./live/hub.ts";
import type { PreferenceStore, Preferences } from "./preferences.ts";
import type { ActionRegistry } from "./shell/actions.ts";
import type { NavItem } from "./shell/screen.ts";
import type { Ticker } from "./ui/ticker.ts";
import type { ToastStore } from "./ui/toast-store.ts";

export interface Parts {
  readonly query: QueryClient;
  readonly preferences: PreferenceStore;
  readonly live: LiveHub;
  readonly toasts: ToastStore;
  readonly actions: ActionRegistry;
  readonly ticker: Ticker;
  /** The screens of the navigation, in their order. */
  readonly navigation: readonly NavItem[];
}

export const PartsContext = createContext<Parts | undefined>(undefined);

export function useParts(): Parts {
  const parts = useContext(PartsContext);
  if (parts === undefined) throw new Error("used outside of the console's parts");
  return parts;
}

export function usePreferences(): Preferences {
  const { preferences } = useParts();
  return useSyncExternalStore(preferences.subscribe, () => preferences.current);
}

export function useToasts(): ToastStore {
  return useParts().toasts;
}
