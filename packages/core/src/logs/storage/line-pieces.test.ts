import { expect, test } from "bun:test";
import { Pieces } from "./line-pieces.ts";

function read(text: string, time = -1): { template: string; values: string[]; words: string[] } {
  const words: string[] = [];
  const bytes = Buffer.from(text);
  const pieces = new Pieces((of, from, to) => void words.push(Buffer.from(of.subarray(from, to)).toString()));
  pieces.read(bytes, { from: 0, to: bytes.length, time });
  const values = Array.from({ length: pieces.count }, (_, i) =>
    bytes.toString("utf8", pieces.values[i * 2], pieces.values[i * 2 + 1]),
  );
  return { template: pieces.template.toString("utf8", 0, pieces.length), values, words };
}

test("numbers leave a line, ids leave it whole, words stay", () => {
  expect(read("GET /v1/orders/4711 took 34ms")).toEqual({
    template: "GET /v\u0001/orders/\u0001 took \u0001ms",
    values: ["1", "4711", "34"],
    words: [],
  });
  expect(read("id=9f3ab2c14d user-12345678 deadbeef1 plainword")).toEqual({
    template: "id=\u0002 user-\u0001 \u0002 plainword",
    values: ["9f3ab2c14d", "12345678", "deadbeef1"],
    words: ["9f3ab2c14d", "user-12345678", "deadbeef1"],
  });
  expect(read("\u0001 1").template).toBe("\0\u0001 \u0001");
});

test("the time of a line leaves it where it stands by itself", () => {
  const text = "at 2026-03-04T12:00:00.000Z said 1";
  expect(read(text, 3)).toEqual({ template: "at \u0003 said \u0001", values: ["", "1"], words: ["2026-03-04T12"] });
  expect(read(`x${text.slice(3)}`, 1).template).not.toContain("\u0003");
});
