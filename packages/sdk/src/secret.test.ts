import { expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { isSecret, secret } from "./secret.ts";

test("a reference is a plain one wherever it is shown or stored", () => {
  const ref = secret("stripe/key");
  expect(JSON.stringify(ref)).toBe('{"from":"store","name":"stripe/key"}');
  expect(decodeValue(encodeValue(ref))).toEqual({ from: "store", name: "stripe/key" });
  expect([isSecret(ref), isSecret({ from: "store", name: "stripe/key" }), isSecret(undefined)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a variable and a file have names of their own kind", () => {
  expect<object>({ ...secret("SMTP_PASSWORD", { from: "env" }) }).toEqual({ from: "env", name: "SMTP_PASSWORD" });
  expect<object>({ ...secret("/run/secrets/smtp", { from: "file" }) }).toEqual({
    from: "file",
    name: "/run/secrets/smtp",
  });
});

test.each([
  ["", "env"],
  ["a b", "store"],
  ["a", "vault"],
])("%j from %s is refused where it is written", (name, from) => {
  expect(() => secret(name, { from: from as "env" })).toThrow(expect.objectContaining({ code: "invalid_name" }));
});
