// Colours of terminals.
import type { ITheme } from "@xterm/xterm";
import type { TerminalTheme } from "./look.ts";

export const themeLabels: Readonly<Record<TerminalTheme, string>> = {
  console: "As the console",
  dark: "Dark",
  light: "Light",
  "solarized-dark": "Solarized dark",
  "solarized-light": "Solarized light",
  contrast: "High contrast",
};

/** In the order of the palette: black, red, green, yellow, blue, magenta, cyan, white, and the bright ones. */
function palette(colours: string): ITheme {
  const [black, red, green, yellow, blue, magenta, cyan, white, ...bright] = colours
    .split(" ")
    .map((each) => `#${each}`);
  const [brightBlack, brightRed, brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite] =
    bright;
  const normal = { black, red, green, yellow, blue, magenta, cyan, white };
  const lighter = {
    brightBlack,
    brightRed,
    brightGreen,
    brightYellow,
    brightBlue,
    brightMagenta,
    brightCyan,
    brightWhite,
  };
  const all = { ...normal, ...lighter };
  return all as ITheme;
}

const dark: ITheme = {
  ...palette(
    "23232b f06a6a 5fd08c e8b04b 74b4f7 bd9cf5 5cc8d6 d4d4dc 6f6f7d ff8f8f 85e0a8 f5c978 9ccbff d3bcff 85dde8 ffffff",
  ),
  background: "#0c0c0f",
  foreground: "#ededf1",
  cursor: "#a9a9fb",
  cursorAccent: "#0c0c0f",
  selectionBackground: "#3c3c66",
};
const light: ITheme = {
  ...palette(
    "17171c c02424 15783c 8f5600 1762b8 6d3fb8 0e6f7c 55555f 4b4b57 a41d1d 0f6331 7a4900 10529d 59319b 0a5964 1b1b20",
  ),
  background: "#ffffff",
  foreground: "#17171c",
  cursor: "#4343b8",
  cursorAccent: "#ffffff",
  selectionBackground: "#d4d4f7",
};
/** Solarized, as its author publishes it: ethanschoonover.com/solarized. */
const solarized = palette(
  "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5 002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3",
);
const themes: Readonly<Record<Exclude<TerminalTheme, "console">, ITheme>> = {
  dark,
  light,
  "solarized-dark": {
    ...solarized,
    background: "#002b36",
    foreground: "#93a1a1",
    cursor: "#93a1a1",
    selectionBackground: "#0d4c5c",
  },
  "solarized-light": {
    ...solarized,
    background: "#fdf6e3",
    foreground: "#586e75",
    cursor: "#586e75",
    selectionBackground: "#e0dac6",
  },
  contrast: {
    ...palette(
      "000000 ff6060 40ff40 ffff40 80a0ff ff80ff 40ffff ffffff 808080 ff9090 90ff90 ffff90 b0c4ff ffb0ff 90ffff ffffff",
    ),
    background: "#000000",
    foreground: "#ffffff",
    cursor: "#ffff00",
    cursorAccent: "#000000",
    selectionBackground: "#2050c0",
  },
};

/** The colours of a theme where the console is dark or light. */
export function coloursOf(theme: TerminalTheme, isDark: boolean): ITheme {
  return themes[theme === "console" ? (isDark ? "dark" : "light") : theme];
}
