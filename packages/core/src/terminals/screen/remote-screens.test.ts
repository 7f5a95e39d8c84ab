import { expect, test } from "bun:test";
import type { ScreenRequest } from "./messages.ts";
import { RemoteScreens } from "./remote-screens.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const size = { cols: 10, rows: 3, scrollbackLines: 5 };

function opened() {
  const requests: ScreenRequest[] = [];
  const told: string[] = [];
  const screens = new RemoteScreens((request) => requests.push(request));
  const screen = screens.open(size, {
    parsed: (offset) => told.push(`parsed ${offset}`),
    reply: (answer) => told.push(new TextDecoder().decode(answer)),
    title: (title) => told.push(title),
    bell: () => told.push("bell"),
    failed: (message) => told.push(message),
  });
  return { requests, told, screens, screen };
}

test("output is gathered while the thread has something to do", () => {
  const { requests, told, screens, screen } = opened();
  for (const text of ["a", "b", "c"]) screen.write(bytes(text));
  expect(requests.slice(1)).toEqual([{ kind: "output", id: 1, pieces: [bytes("a")] }]);
  screens.take({ kind: "parsed", id: 1, offset: 1 });
  expect(requests.slice(2)).toEqual([{ kind: "output", id: 1, pieces: [bytes("b"), bytes("c")] }]);
  expect(told).toEqual(["parsed 1"]);
});

test("a change of size and a question come behind all output that was written before", () => {
  const { requests, screen } = opened();
  screen.write(bytes("a"));
  screen.write(bytes("b"));
  screen.resize({ cols: 20, rows: 4 }, 1);
  screen.write(bytes("c"));
  void screen.text().catch(() => undefined);
  expect(requests.map(({ kind }) => kind)).toEqual(["open", "output", "output", "resize", "output", "ask"]);
  screen.close();
});

test("questions are answered, or fail with the screen and with the thread", async () => {
  const { told, screens, screen } = opened();
  const text = screen.text();
  screens.take({ kind: "text", id: 1, question: 1, text: "hello" });
  expect(await text).toBe("hello");
  const asked = screen.snapshot();
  screens.fail("out of memory");
  expect(asked).rejects.toThrow("out of memory");
  expect(screen.snapshot()).rejects.toThrow("closed");
  expect([told, screens.size]).toEqual([["out of memory"], 0]);
});
