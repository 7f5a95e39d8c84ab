// What the thread with the screens is made of: xterm.js is loaded there, and nowhere else.
export { ScreenRoom } from "./room.ts";
// Whoever shows cells instead of output keeps a screen of its own.
export { cellFlags } from "./cells.ts";
export type { CellColour, ScreenCell, ScreenCells } from "./cells.ts";
export { Charsets } from "./charsets.ts";
export { HeadlessScreen } from "./screen.ts";
