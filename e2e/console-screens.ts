// Every screen of the console with a path that shows it: visited by the accessibility test and by `npm run screens`.
import type { ConsoleData } from "./console-data.ts";

export interface ConsoleScreen {
  /** Of its picture. */
  readonly name: string;
  readonly path: (data: ConsoleData) => string;
}

export const consoleScreens: readonly ConsoleScreen[] = [
  { name: "home", path: () => "/" },
  { name: "search", path: () => "/search?q=order" },
  { name: "settings-appearance", path: () => "/settings/appearance" },
  { name: "not-found", path: () => "/runs/nothing/at/all" },
];
