import { expect, test } from "bun:test";
import { BufferPainting, Painter } from "./painting.ts";
import { viewerTerminal, write } from "./screen-state.suite.ts";
import { coreOf } from "./xterm-core.ts";

/** The stream that paints what a terminal of 4×3 shows. */
function painted(written: string): string {
  const terminal = viewerTerminal({ cols: 4, rows: 3 });
  write(terminal, written);
  const core = coreOf(terminal);
  const painter = new Painter(core);
  new BufferPainting(painter, core.buffers.normal, { terminal }).paint();
  return painter.text;
}

test.each([
  ["text", "ab", "ab\r\n\r\n"],
  ["a line that goes on", "abcdef", "abcdef\r\n"],
  [
    "a line that goes on though its end was erased",
    "abcdef\x1b[A\x1b[4G\x1b[K",
    "abc\x1b[4G--\x1b[A\x1b[4G\x1b[X\r\x1b[B\x1b[Xef\r\n",
  ],
  ["colours, said once", "\x1b[31mab\x1b[mc", "\x1b[0;31mab\x1b[0mc\r\n\r\n"],
  ["an erased part with a background", "\x1b[44m\x1b[K", "\x1b[0;44m\x1b[4X\x1b[0m\r\n\r\n"],
  ["a gap", "a\x1b[2Cb", "a\x1b[2Cb\r\n\r\n"],
  ["two flags that are no flag of a country", "🇩\x1b[1C\x1b[3G🇪", "\0🇩\x1b[1C\0🇪\r\n\r\n"],
])("paints %s", (_name, written, wanted) => {
  const text = painted(written);
  expect(text.replaceAll("\0", "")).toBe(wanted.replaceAll("\0", ""));
  const again = viewerTerminal({ cols: 4, rows: 3 });
  write(again, text);
  const lines = (terminal: typeof again) =>
    [0, 1, 2].map((y) => terminal.buffer.active.getLine(y)?.translateToString());
  const first = viewerTerminal({ cols: 4, rows: 3 });
  write(first, written);
  expect(lines(again)).toEqual(lines(first));
});
