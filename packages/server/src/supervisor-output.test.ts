// What workers print, cut into lines however it arrives.
import { expect, test } from "bun:test";
import { logLines } from "./supervisor-output.ts";

function stream(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk, "latin1"));
      controller.close();
    },
  });
}

async function lines(stdout: ReadableStream<Uint8Array>, stderr = stream()): Promise<[string, string][]> {
  const found: [string, string][] = [];
  await logLines({ stdout, stderr }, { lineBytesMax: 10, line: (name, text) => void found.push([name, text]) });
  return found;
}

test("lines are put together from pieces, in characters too, and the last one needs no end", async () => {
  const umlaut = Buffer.from("ü").toString("latin1");
  expect(await lines(stream("one\ntw", `o ${umlaut[0]}`, `${umlaut[1]}\n\nrest`), stream("bad\n"))).toEqual(
    expect.arrayContaining([
      ["stdout", "one"],
      ["stdout", "two ü"],
      ["stdout", ""],
      ["stdout", "rest"],
      ["stderr", "bad"],
    ]),
  );
});

test("a line that does not end is cut once and the rest of it dropped", async () => {
  const long = Array.from({ length: 50 }, () => "0123456789");
  expect(await lines(stream(...long, "end\nnext\n"))).toEqual([
    ["stdout", "0123456789"],
    ["stdout", "next"],
  ]);
});
