import { expect, test } from "bun:test";
import { pausesOf, play } from "./term-play.ts";

const v3 = `{"version":3,"term":{"cols":80,"rows":24}}
[0.5, "o", "one"]
[10, "o", "two\\u001b]52;c;c2VjcmV0\\u0007\\u001b[6n"]
# a comment
[0.1, "x", "0"]
`;

async function played(text: string, stopAfter = Infinity): Promise<{ shown: string; pauses: number[] }> {
  const pauses: number[] = [];
  let shown = "";
  const stopping = new AbortController();
  await play(text, {
    speed: 2,
    idleMs: 2_000,
    signal: stopping.signal,
    write: (more) => {
      shown += more;
    },
    wait: async (ms) => {
      pauses.push(ms);
      if (pauses.length > stopAfter) stopping.abort();
    },
  });
  return { shown, pauses };
}

test("a recording is played with its pauses, and nothing in it is obeyed that reaches out of the screen", async () => {
  const { shown, pauses } = await played(v3);
  expect(shown.startsWith("onetwo\x1b[!p")).toBeTrue();
  expect(pauses).toEqual([250, 1_000]);
  const v2 = '{"version":2,"width":80,"height":24}\n[0.5, "o", "one"]\n[10.5, "o", "two"]\n';
  expect((await played(v2)).pauses).toEqual([250, 1_000]);
  expect(pausesOf([{ atMs: 100, code: "o", data: "" }], { speed: 1, idleMs: 50 })).toEqual([50]);
});

test("it can be stopped, and leaves the terminal as it should be", async () => {
  const { shown } = await played(v3, 1);
  expect(shown.startsWith("one\x1b[!p")).toBeTrue();
});

test("another file is refused", async () => {
  expect(await played("hello").catch((error: unknown) => (error as Error).message)).toBe("That is no recording.");
});
