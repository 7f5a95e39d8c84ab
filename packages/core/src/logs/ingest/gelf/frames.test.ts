import { expect, test } from "bun:test";
import { NulFrames } from "./frames.ts";

test("messages of GELF end with a NUL, in whatever pieces they come", () => {
  const stream = '{"a":1}\0\n{"b":2}\0\0{"c":3}';
  for (let size = 1; size <= stream.length; size++) {
    const frames = new NulFrames(20);
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += size)
      found.push(...frames.push(Buffer.from(stream.slice(at, at + size))));
    expect([...found, frames.end(), frames.end()]).toEqual(['{"a":1}', '{"b":2}', '{"c":3}', ""]);
  }
  expect(() => new NulFrames(5).push(Buffer.from("123456"))).toThrow(RangeError);
});
