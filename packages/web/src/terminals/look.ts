// How terminals look and behave in this browser: part of the preferences, so this file is light.

export const terminalThemes = ["console", "dark", "light", "solarized-dark", "solarized-light", "contrast"] as const;
export type TerminalTheme = (typeof terminalThemes)[number];

export interface TerminalLook {
  /** `console`: light or dark as the console is. */
  readonly theme: TerminalTheme;
  readonly fontPx: number;
  /** What is selected is copied at once. */
  readonly copyOnSelect: boolean;
  /** Draws with the graphics card where there is one. */
  readonly graphics: boolean;
  /** Lines as text that screen readers read. */
  readonly screenReader: boolean;
  /** Programs may put text on the clipboard (OSC 52). */
  readonly clipboard: boolean;
}

export const fontsPx = [11, 12, 13, 14, 15, 16, 18, 20, 24] as const;

const defaults: TerminalLook = {
  theme: "console",
  fontPx: 13,
  copyOnSelect: false,
  graphics: true,
  screenReader: false,
  clipboard: false,
};

/** What was kept, with the defaults for everything that is missing or odd. */
export function parseTerminalLook(kept: unknown): TerminalLook {
  const { theme, fontPx, ...flags } = (typeof kept === "object" && kept !== null ? kept : {}) as Readonly<
    Record<string, unknown>
  >;
  const flag = (name: "copyOnSelect" | "graphics" | "screenReader" | "clipboard"): boolean =>
    typeof flags[name] === "boolean" ? flags[name] : defaults[name];
  return {
    theme: terminalThemes.find((each) => each === theme) ?? defaults.theme,
    fontPx: fontsPx.find((each) => each === fontPx) ?? defaults.fontPx,
    copyOnSelect: flag("copyOnSelect"),
    graphics: flag("graphics"),
    screenReader: flag("screenReader"),
    clipboard: flag("clipboard"),
  };
}
