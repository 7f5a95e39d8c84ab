// Release 6.0.0 of xterm.js throws when a program erases above (ED 1) in the last column of the last line with nothing above the screen:
// it wants to mark the line below. Such a sequence is done here instead, as the server does it.
import type { Terminal } from "@xterm/xterm";

/** What is read of it that it does not offer (src/common/InputHandler.ts). */
interface Core {
  readonly buffers: {
    readonly active: { readonly x: number; readonly y: number; readonly lines: { get(index: number): unknown } };
  };
  readonly _inputHandler: {
    _eraseInBufferLine(y: number, start: number, end: number, clearWrap: boolean, respectProtect: boolean): void;
    _resetBufferLine(y: number, respectProtect: boolean): void;
  };
}

export function mend(terminal: Pick<Terminal, "cols" | "parser">): void {
  const { _core: core } = terminal as unknown as { readonly _core: Core };
  const erase = (parameter: unknown, respectProtect: boolean): boolean => {
    const { x, y, lines } = core.buffers.active;
    if (parameter !== 1 || x + 1 < terminal.cols || lines.get(y + 1) !== undefined) return false;
    core._inputHandler._eraseInBufferLine(y, 0, x + 1, true, respectProtect);
    for (let above = 0; above < y; above++) core._inputHandler._resetBufferLine(above, respectProtect);
    return true;
  };
  terminal.parser.registerCsiHandler({ final: "J" }, ([parameter]) => erase(parameter, false));
  terminal.parser.registerCsiHandler({ prefix: "?", final: "J" }, ([parameter]) => erase(parameter, true));
}
