// Cookies: what they are called, what keeps them in the browser, and how they are read back.
import { describe, expect, test } from "bun:test";
import { clearCookie, cookieIn, cookieName, setCookie } from "./cookies.ts";

const plain = { instance: "ab12", secure: false };
const secure = { instance: "ab12", secure: true };

describe("a cookie", () => {
  test("is for this server, however many there are on one machine", () => {
    expect(cookieName("session", plain)).toBe("sluice_session_ab12");
    expect(cookieName("session", plain)).not.toBe(cookieName("session", { ...plain, instance: "cd34" }));
    expect(cookieName("session", { ...plain, instance: 'a;b="c' })).toBe("sluice_session_a_b__c");
  });

  test("cannot be read by scripts, and comes along from other sites only when somebody follows a link", () => {
    expect(setCookie("session", "v", { ...plain, maxAgeMs: 90_500 })).toBe(
      "sluice_session_ab12=v; Path=/; Max-Age=90; HttpOnly; SameSite=Lax",
    );
  });

  test("over TLS never leaves it, and belongs to this host alone", () => {
    expect(setCookie("session", "v", { ...secure, maxAgeMs: 1_000 })).toBe(
      "__Host-sluice_session_ab12=v; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure",
    );
    expect(cookieName("session", secure)).not.toBe(cookieName("session", plain));
  });

  test("is taken away by its name", () => {
    expect(clearCookie("openid", secure)).toBe(
      "__Host-sluice_openid_ab12=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
    );
  });
});

test.each([
  ["sluice_session_ab12=v", "v"],
  ["a=1; sluice_session_ab12=v; b=2", "v"],
  ["a=1;sluice_session_ab12= v ", "v"],
  ["xsluice_session_ab12=v", undefined],
  ["sluice_session_ab123=v", undefined],
  ["sluice_session_ab12", undefined],
  ["sluice_session_ab12=a=b", "a=b"],
  ["", undefined],
])("in %p the value is %p", (header, value) => {
  expect(cookieIn(header, "sluice_session_ab12")).toBe(value);
});

test("no header holds nothing", () => {
  expect(cookieIn(null, "a")).toBeUndefined();
});
