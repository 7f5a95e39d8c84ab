import { describe, expect, test } from "bun:test";
import { Charsets } from "./charsets.ts";
import { scrollbackLines } from "./screen-state.suite.ts";
import { HeadlessScreen } from "./screen.ts";

const charsets = new Charsets();

function screen(size = { cols: 20, rows: 4 }) {
  const told = { replies: [] as string[], titles: [] as string[], bells: 0 };
  const made = new HeadlessScreen(
    { ...size, scrollbackLines, charsets },
    { reply: (text) => told.replies.push(text), title: (title) => told.titles.push(title), bell: () => told.bells++ },
  );
  const write = (text: string): void => made.write(new TextEncoder().encode(text));
  return { made, told, write, snapshot: () => new TextDecoder().decode(made.snapshot().bytes) };
}

describe("a screen", () => {
  test("answers what programs ask", () => {
    const { told, write } = screen();
    write("ab\x1b[6n\x1b[c\x1b[>c\x1b[5n\x1b[?2004$p\x1b]11;?\x07\x1b[>q");
    expect(told.replies).toEqual([
      "\x1b[1;3R",
      "\x1b[?1;2c",
      "\x1b[>0;276;0c",
      "\x1b[0n",
      "\x1b[?2004;2$y",
      "\x1b]11;rgb:0000/0000/0000\x1b\\",
      "\x1bP>|sluice\x1b\\",
    ]);
  });

  test("tells titles without what a terminal would obey, and bells", () => {
    const { told, write, snapshot } = screen();
    write("\x1b]2;a\u202eb\x01c\x07\x07");
    expect(told).toMatchObject({ titles: ["abc"], bells: 1 });
    expect(snapshot()).toStartWith("\x1b]2;abc\x1b\\");
  });

  test("holds back a sequence that is on its way, and stands for what was before it", () => {
    const { made, write, snapshot } = screen();
    write("ab\x1b[3");
    expect(made.snapshot().offset).toBe(2);
    expect(made.seen).toBe(5);
    write("1mc");
    expect(made.snapshot().offset).toBe(8);
    expect(snapshot()).toContain("ab\x1b[0;31mc");
  });

  test("is not steady within an image that is longer than what it holds back", () => {
    const { made, write } = screen();
    write(`\x1bPq${"~".repeat(100_000)}`);
    expect(made.isSteady).toBeFalse();
    write("\x1b\\x");
    expect(made.isSteady).toBeTrue();
    expect(made.seen).toBe(100_006);
  });

  test("keeps modes, margins, mouse reports with their encoding, and the other screen", () => {
    const { write, snapshot } = screen();
    write("\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[4h\x1b[?25l\x1b[5 q\x1b[?7l\x1b[?1049h\x1b[2;3rfull");
    const text = snapshot();
    for (const part of ["?1h", "?2004h", "?1002h", "?1006h", "4h", "?25l", "5 q", "?7l", "?47h", "2;3r", "full"])
      expect(text).toContain(part);
  });

  test("is text without colours, with lines put together that were broken at the edge", () => {
    const { made, write } = screen({ cols: 5, rows: 3 });
    write("\x1b[31mabcdefgh\x1b[m\r\nx\r\n\r\n");
    expect(made.text()).toBe("abcdefgh\nx");
  });
});
