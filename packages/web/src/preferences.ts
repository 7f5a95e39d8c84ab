// What this browser remembers of how one likes the console: theme, time zone, width of the navigation. Shared by all tabs.

import { parseTerminalLook } from "./terminals/look.ts";
import type { TerminalLook } from "./terminals/look.ts";

export type Theme = "system" | "light" | "dark";

export interface Preferences {
  readonly theme: Theme;
  /** `local`, or a name of the IANA time zone database, as `UTC`. */
  readonly timeZone: string;
  readonly narrowNavigation: boolean;
  readonly terminal: TerminalLook;
}

/** Also read by shell/head.ts, before anything else runs. */
const storageKey = "sluice.preferences";
const defaults: Pick<Preferences, "theme" | "timeZone"> = { theme: "system", timeZone: "local" };
const themes: ReadonlySet<unknown> = new Set<Theme>(["system", "light", "dark"]);

/** Whether the browser knows this time zone. */
function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function parse(text: string | null): Preferences {
  let kept: Partial<Record<keyof Preferences, unknown>> = {};
  try {
    kept = (JSON.parse(text ?? "{}") ?? {}) as typeof kept;
  } catch {
    // Somebody else's words under our key: the defaults hold.
  }
  const { theme, timeZone, narrowNavigation, terminal } = kept;
  return {
    theme: themes.has(theme) ? (theme as Theme) : defaults.theme,
    timeZone:
      typeof timeZone === "string" && (timeZone === "local" || isTimeZone(timeZone)) ? timeZone : defaults.timeZone,
    narrowNavigation: narrowNavigation === true,
    terminal: parseTerminalLook(terminal),
  };
}

/** Storage of the browser; a browser that forbids it forgets at the next load. */
function read(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** Preferences of one page. */
export class PreferenceStore {
  #current: Preferences = parse(read());
  readonly #listeners = new Set<() => void>();

  constructor() {
    window.addEventListener("storage", (event) => {
      if (event.key === storageKey) this.#use(parse(event.newValue));
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#paint());
    this.#paint();
  }

  get current(): Preferences {
    return this.#current;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(change: Partial<Preferences>): void {
    const next = { ...this.#current, ...change };
    try {
      localStorage.setItem(storageKey, JSON.stringify(next));
    } catch {
      // Not allowed to remember: it holds until the page is left.
    }
    this.#use(next);
  }

  #use(next: Preferences): void {
    this.#current = next;
    this.#paint();
    for (const listener of this.#listeners) listener();
  }

  #paint(): void {
    const { theme } = this.#current;
    const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  }
}
