import { expect, test } from "bun:test";
import { oneLine, planPaste } from "./paste.ts";

test("one line is pasted as it is, without what a terminal would obey", () => {
  expect(planPaste("ls -l", false)).toEqual({ text: "ls -l", lines: 1, removed: 0, asks: false });
  expect(planPaste("ls\u001b[201~\u0003 -l", false)).toMatchObject({ text: "ls[201~ -l", removed: 2, asks: false });
});

test("lines that a program would run at once are asked about, others when there are many", () => {
  expect(planPaste("make\r\nmake install\r\n", false)).toEqual({
    text: "make\nmake install\n",
    lines: 2,
    removed: 0,
    asks: true,
  });
  expect(planPaste("reboot\n", false)).toMatchObject({ lines: 1, asks: true });
  expect(planPaste("a\nb", true).asks).toBeFalse();
  expect(planPaste("x\n".repeat(60), true).asks).toBeTrue();
  expect(planPaste("x".repeat(20_000), true).asks).toBeTrue();
  expect(oneLine(" cd a \n\n make\n")).toBe("cd a make");
});
