import { expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeError, encodeValue } from "@sluice/protocol";
import fc from "fast-check";
import { Redactor } from "./redactor.ts";

const value = 'sk_live_"51H/ü+x';

function knowing(...values: string[]): Redactor {
  const redactor = new Redactor();
  for (const each of values) redactor.add(each);
  return redactor;
}

test.each([
  ["as it is", value],
  ["in JSON", JSON.stringify({ token: value })],
  ["in a URL", `https://example.com/?key=${encodeURIComponent(value)}&x=1`],
  ["in base64", Buffer.from(value).toString("base64")],
  ["in Basic authentication", `Basic ${Buffer.from(`ada:${value}:x`).toString("base64")}`],
  ["in base64 for URLs, one byte later", Buffer.from(`a${value}`).toString("base64url")],
])("a value %s is masked in text", (_how, text) => {
  const masked = knowing(value).text(`before ${text} after`);
  expect(masked).toContain("******");
  expect(masked).toStartWith("before ");
  expect(masked).toEndWith(" after");
  for (const part of ["sk_live", "51H", Buffer.from(value).toString("base64").slice(4, 14)])
    expect(masked).not.toContain(part);
});

test("values keep their shape: only what is in them is masked", () => {
  const redactor = knowing("hunter2hunter2");
  const given = {
    list: ["x", "my hunter2hunter2!"],
    map: new Map([["hunter2hunter2", 1]]),
    raw: Buffer.from("hunter2hunter2"),
    n: 7,
  };
  expect(decodeValue(redactor.bytes(encodeValue(given)))).toEqual({
    list: ["x", "my **************!"],
    map: new Map([["**************", 1]]),
    raw: Uint8Array.from(Buffer.from("*".repeat(14))),
    n: 7,
  });
  const error = new Error("refused: hunter2hunter2", { cause: new TypeError("hunter2hunter2") });
  const read = decodeErrorValue(redactor.bytes(encodeError(error)));
  expect(read.message).toBe("refused: **************");
  expect(JSON.stringify(read)).not.toContain("hunter2");
});

test("bytes that hold nothing known are not copied", () => {
  const bytes = encodeValue({ a: "nothing" });
  expect(knowing("something else").bytes(bytes)).toBe(bytes);
});

test("the protocol's own words stay, whatever a secret is", () => {
  const redactor = knowing("completed", "run_secret");
  const message = {
    type: "ops",
    run: "run_secret",
    ops: [
      { op: "log", level: "info", message: "it is completed", at: 1 },
      { op: "finish", status: "completed", output: encodeValue("completed") },
      { op: "call", name: "child", tags: ["completed"], input: encodeValue(1) },
    ],
  };
  expect(redactor.message(message)).toEqual({
    type: "ops",
    run: "run_secret",
    ops: [
      { op: "log", level: "info", message: "it is *********", at: 1 },
      { op: "finish", status: "completed", output: encodeValue("*********") },
      { op: "call", name: "child", tags: ["*********"], input: encodeValue(1) },
    ],
  });
});

test("a line of a key with many lines is masked by itself", () => {
  const pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----\n";
  expect(knowing(pem).text("line 2: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")).not.toContain("MIIEvQ");
});

test("whatever the value and what stands around it, it is not there afterwards", () => {
  const secret = fc.string({ minLength: 6, maxLength: 40, unit: "grapheme" }).filter((text) => !/^\*+$/.test(text));
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (known, before, after) => {
      const redactor = knowing(known);
      const text = before + known + after;
      expect(redactor.text(text).includes(known)).toBe(false);
      const masked = decodeValue(redactor.bytes(encodeValue([before + known + after])));
      expect(JSON.stringify(masked).includes(JSON.stringify(known).slice(1, -1))).toBe(false);
    }),
  );
});
