// Signed results: good for what was signed, by whom it was signed, under the key it was signed for, and for nothing else.
import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import type { ActionResult } from "../ports.ts";
import { resultOf } from "./build-results.ts";
import { resultSigner } from "./result-signing.ts";

const pair = (): { readonly privateKey: string; readonly publicKey: string } =>
  generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const [ci, other] = [pair(), pair()];
const digest = (character: string): string => character.repeat(64);
const result: ActionResult = {
  key: digest("a"),
  exitCode: 0,
  outputs: [
    { path: "dist/a", type: "file", digest: digest("b"), size: 3, mode: 0o644 },
    { path: "dist/l", type: "link", target: "a" },
    { path: "empty", type: "dir", mode: 0o755 },
  ],
  log: digest("c"),
  durationMs: 5,
  createdAtMs: 7,
  meta: { task: "a#build", platform: "linux" },
};
const maker = resultSigner({ name: "ci", privateKey: ci.privateKey });
const reader = resultSigner({ name: "me", trusted: { ci: ci.publicKey } });

describe("a signed result", () => {
  test("is trusted, also after its way through a cache", () => {
    const back = resultOf(JSON.stringify(maker.signed(result)), result.key);
    expect(back?.signature).toStartWith("ed25519/ci:");
    expect(reader.isTrusted(back ?? result)).toBe(true);
  });

  test.each([
    ["under another key", { key: digest("d") }],
    ["with another file", { outputs: [{ path: "dist/a", type: "file", digest: digest("e"), size: 3, mode: 0o644 }] }],
    ["with another mode", { outputs: [{ ...result.outputs[0], mode: 0o755 }, ...result.outputs.slice(1)] }],
    ["with another link", { outputs: [result.outputs[0], { path: "dist/l", type: "link", target: "/etc" }] }],
    ["with another log", { log: digest("f") }],
    ["with other words", { meta: { task: "b#build", platform: "linux" } }],
    ["with another time", { createdAtMs: 8 }],
  ])("is not trusted %s", (_, change) => {
    expect(reader.isTrusted({ ...maker.signed(result), ...change } as ActionResult)).toBe(false);
  });

  test("is not trusted from others, under another's name, or without a signature", () => {
    expect(reader.isTrusted(resultSigner({ name: "ci", privateKey: other.privateKey }).signed(result))).toBe(false);
    expect(reader.isTrusted(resultSigner({ name: "eve", privateKey: ci.privateKey }).signed(result))).toBe(false);
    expect(reader.isTrusted(result)).toBe(false);
  });

  test("is not asked for where nobody in particular is trusted", () => {
    expect(resultSigner({ name: "me" }).isTrusted(result)).toBe(true);
    expect(resultSigner({ name: "me" }).signed(result)).toBe(result);
  });
});
