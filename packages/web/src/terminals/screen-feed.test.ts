import { expect, test } from "bun:test";
import { Terminal } from "@xterm/headless";
import { ScreenFeed } from "./screen-feed.ts";
import { silence } from "./silence.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function opened() {
  const terminal = new Terminal({ cols: 10, rows: 3, allowProposedApi: true });
  const lines = () =>
    [0, 1, 2].map((y) => terminal.buffer.active.getLine(y)?.translateToString(true)).filter((line) => line !== "");
  return { terminal, lines, feed: new ScreenFeed(terminal) };
}

test("changes of size come between the output before and the output behind", async () => {
  const { terminal, lines, feed } = opened();
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    feed.write(bytes("0123456789ab"), () => told.push(`wide ${terminal.cols}`));
    feed.resize({ cols: 4, rows: 3 });
    feed.write(bytes("\r\nx"), () => told.push(`narrow ${terminal.cols}`));
    feed.resize({ cols: 8, rows: 3 });
    feed.write(bytes("y"), resolve);
  });
  expect(told).toEqual(["wide 10", "narrow 4"]);
  expect(lines()).toContain("xy");
  expect(terminal.cols).toBe(8);
});

test("a screen replaces what was there, whatever was on its way", async () => {
  const { terminal, lines, feed } = opened();
  await new Promise<void>((resolve) => {
    feed.write(bytes("old\x1b[31m\x1b[?1049h\x1b]2;a title that never ends"), () => undefined);
    feed.show({ cols: 12, rows: 3 }, { bytes: bytes("new"), taken: resolve });
  });
  expect(lines()).toEqual(["new"]);
  expect([terminal.cols, terminal.buffer.active.type]).toEqual([12, "normal"]);
  expect(terminal.buffer.active.getLine(0)?.getCell(0)?.isFgDefault()).toBeTrue();
});

test.each([
  ["device attributes", "\x1b[c\x1b[>c\x1b[=c"],
  ["status and cursor", "\x1b[5n\x1b[6n\x1b[?6n\x1b[?996n"],
  ["modes", "\x1b[4$p\x1b[?2026$p"],
  ["settings", "\x1bP$qm\x1b\\\x1bP+q544e\x1b\\"],
  ["colours", "\x1b]4;1;?\x07\x1b]10;?\x07\x1b]11;?\x07\x1b]12;?\x07"],
  ["its name, its keyboard", "\x1b[>q\x1b[?u"],
])("a program that asks for %s gets no answer from here", async (_name, asked) => {
  const answering = opened().terminal;
  const silent = opened().terminal;
  silence(silent.parser);
  const said: string[] = [];
  for (const terminal of [answering, silent]) {
    terminal.onData((text) => said.push(terminal === silent ? text : ""));
    await new Promise<void>((resolve) => terminal.write(`${asked}shown`, resolve));
  }
  expect(said.filter((text) => text !== "")).toEqual([]);
  expect(silent.buffer.active.getLine(0)?.translateToString(true)).toBe("shown");
});
