import { expect, test } from "bun:test";
import { Terminal } from "@xterm/headless";
import { viewerTerminal, write } from "./screen-state.suite.ts";
import { coreOf } from "./xterm-core.ts";

test("everything that is read of xterm.js is where it was", () => {
  const core = coreOf(viewerTerminal({ cols: 10, rows: 3 }));
  const { normal } = core.buffers;
  for (const key of ["x", "y", "ybase", "scrollTop", "scrollBottom", "savedX", "savedY"] as const)
    expect(normal[key]).toBeNumber();
  expect(normal.tabs).toMatchObject({ 0: true, 8: true });
  expect(normal.lines.maxLength).toBe(33);
  expect(normal.savedCurAttrData.extended.ext).toBe(0);
  expect(core._inputHandler._curAttrData.fg).toBe(0);
  expect(core._inputHandler._parser).toMatchObject({ precedingJoinState: 0, currentState: 0 });
  expect(core._charsetService).toMatchObject({ glevel: 0, _charsets: [] });
  expect(core.coreMouseService).toMatchObject({ activeProtocol: "NONE", activeEncoding: "DEFAULT" });
  expect(core.coreService).toMatchObject({
    isCursorHidden: false,
    modes: { insertMode: false },
    decPrivateModes: { wraparound: true },
  });
  expect((core.unicodeService.charProperties(0x6771, 0) >> 1) & 3).toBe(2);
  expect(core._oscLinkService.getLinkData(1)).toBeUndefined();
});

test("erasing above in the last column of the last line ends no terminal", () => {
  const fatal = "\x1b[3;10H\x1b[1J";
  const plain = new Terminal({ cols: 10, rows: 3, allowProposedApi: true, logLevel: "off" });
  // Should this throw no more, the release has mended it, and `mend` can go.
  expect(() => coreOf(plain)._inputHandler.parse(fatal)).toThrow();
  const mended = viewerTerminal({ cols: 10, rows: 3 });
  write(mended, `one\r\ntwo\r\nthree${fatal}!`);
  expect([0, 1, 2].map((y) => mended.buffer.active.getLine(y)?.translateToString(true))).toEqual([
    "",
    "",
    "         !",
  ]);
});
