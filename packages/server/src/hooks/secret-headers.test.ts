import { expect, test } from "bun:test";
import { isSecretHeader } from "./secret-headers.ts";

test.each([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "x-auth-token",
  "x-sluice-signature",
  "x-hub-signature-256",
  "stripe-signature",
  "x-gitlab-token",
  "x-shopify-hmac-sha256",
  "x-telegram-bot-api-secret-token",
  "x-apikey",
])("%s is a proof", (name) => {
  expect(isSecretHeader({}, name)).toBe(true);
});

test.each(["content-type", "x-github-event", "x-github-delivery", "idempotency-key", "x-monkey", "x-tokens-left-2"])(
  "%s is none",
  (name) => {
    expect(isSecretHeader({}, name)).toBe(false);
  },
);

test("the header of the webhook's own signature is one, that of its key is not", () => {
  const generic = { header: "X-Proof", prefix: "", encoding: "hex", separator: "." } as const;
  expect(isSecretHeader({ generic }, "x-proof")).toBe(true);
  expect(isSecretHeader({ keyHeader: "X-Request-Key" }, "x-request-key")).toBe(false);
});
