import { expect, test } from "bun:test";
import { isLoopbackUrl, isSecureUrl } from "./provider-url.ts";

test.each([
  ["https://id.example", true, false],
  ["http://id.example", false, false],
  ["http://localhost:3000/a", true, true],
  ["http://127.0.0.1:3000", true, true],
  ["http://[::1]:3000", true, true],
  ["http://localhost.evil.example", false, false],
  ["http://127.0.0.1.evil.example", false, false],
  ["http://user@evil.example", false, false],
  ["file:///etc/passwd", false, false],
  ["javascript:alert(1)", false, false],
  ["", false, false],
])("%p: to be believed %p, of this machine without encryption %p", (url, secure, loopback) => {
  expect([isSecureUrl(url), isLoopbackUrl(url)]).toEqual([secure, loopback]);
});
