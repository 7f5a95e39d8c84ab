import { expect, test } from "bun:test";
import { cellFlags } from "./cells.ts";
import { Charsets } from "./charsets.ts";
import { HeadlessScreen } from "./screen.ts";

const nobody = { reply: () => undefined, title: () => undefined, bell: () => undefined };
const charsets = new Charsets();

function screenWith(text: string): HeadlessScreen {
  const screen = new HeadlessScreen({ cols: 10, rows: 3, scrollbackLines: 10, charsets }, nobody);
  screen.write(new TextEncoder().encode(text));
  return screen;
}

test("cells are those at the bottom, with colours, flags and wide characters as one", () => {
  const { rows, cursor, cols } = screenWith(
    "gone\r\nalso\r\n\x1b[1;31mr\x1b[0;48;2;0;0;9mé\x1b[m  \r\n東x\r\n\x1b[4;38;5;200mu\x1b[m",
  ).cells();
  expect(cols).toBe(10);
  expect(rows.map((row) => row.map(({ text }) => text).join(""))).toEqual(["ré", "東x", "u"]);
  expect(rows[0]?.[0]).toEqual({
    text: "r",
    foreground: { kind: "palette", index: 1 },
    background: undefined,
    flags: cellFlags.bold,
  });
  expect(rows[0]?.[1]?.background).toEqual({ kind: "rgb", rgb: 9 });
  expect(rows[2]?.[0]).toMatchObject({ foreground: { index: 200 }, flags: cellFlags.underlined });
  expect(cursor).toEqual({ x: 1, y: 2 });
});

test("rows with nothing in them have no cells", () => {
  expect(
    screenWith("\r\nb")
      .cells()
      .rows.map((row) => row.length),
  ).toEqual([0, 1, 0]);
});
