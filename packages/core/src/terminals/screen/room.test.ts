import { expect, test } from "bun:test";
import type { ScreenReply } from "./messages.ts";
import { ScreenRoom } from "./room.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a room keeps screens apart, answers in order, and forgets those that are closed", () => {
  const replies: ScreenReply[] = [];
  const room = new ScreenRoom((reply) => replies.push(reply));
  for (const id of [1, 2]) room.take({ kind: "open", id, cols: 10, rows: 3, scrollbackLines: 10 });
  room.take({ kind: "output", id: 1, pieces: [bytes("one"), bytes("\x07")] });
  room.take({ kind: "output", id: 2, pieces: [bytes("two")] });
  room.take({ kind: "ask", id: 2, question: 7, what: "text" });
  expect(replies).toEqual([
    { kind: "bell", id: 1 },
    { kind: "parsed", id: 1, offset: 4 },
    { kind: "parsed", id: 2, offset: 3 },
    { kind: "text", id: 2, question: 7, text: "two" },
  ]);
  room.take({ kind: "close", id: 1 });
  room.take({ kind: "output", id: 1, pieces: [bytes("late")] });
  expect([room.size, replies.length]).toEqual([1, 4]);
});

test("a question within a long sequence is answered at its end", () => {
  const replies: ScreenReply[] = [];
  const room = new ScreenRoom((reply) => replies.push(reply));
  room.take({ kind: "open", id: 1, cols: 10, rows: 3, scrollbackLines: 10 });
  room.take({ kind: "output", id: 1, pieces: [bytes(`\x1bPq${"~".repeat(70_000)}`)] });
  room.take({ kind: "ask", id: 1, question: 1, what: "snapshot" });
  expect(replies.some(({ kind }) => kind === "snapshot")).toBeFalse();
  room.take({ kind: "output", id: 1, pieces: [bytes("\x1b\\done")] });
  expect(replies.find(({ kind }) => kind === "snapshot")).toMatchObject({ question: 1, snapshot: { offset: 70_009 } });
});
