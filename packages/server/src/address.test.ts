// What proxies say counts when they are trusted, and only as far as they can know it.
import { describe, expect, test } from "bun:test";
import { callerOf, isNetwork, plainAddress, Proxies } from "./address.ts";

const direct = { address: "10.0.0.1", authority: "127.0.0.1:7890", secure: false };
const through = (networks: string[], headers: Record<string, string>, address: string | undefined = direct.address) =>
  new Proxies(networks).passageOf({ ...direct, address }, new Headers(headers));

describe("the client behind proxies", () => {
  const said = {
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-host": "sluice.example",
    "x-forwarded-proto": "https",
  };

  test("is what a trusted proxy says it is", () => {
    expect(through(["10.0.0.0/8"], said)).toEqual({
      address: "203.0.113.9",
      authority: "sluice.example",
      secure: true,
    });
  });

  test("is who the socket belongs to where nobody is trusted, or somebody else", () => {
    expect(through([], said)).toEqual(direct);
    expect(through(["192.168.0.0/16"], said)).toEqual(direct);
    expect(new Proxies(["10.0.0.0/8"]).passageOf({ ...direct, address: undefined }, new Headers(said)).secure).toBe(
      false,
    );
  });

  test.each([
    ["203.0.113.9", "203.0.113.9"],
    // Written by the client itself, to look like somebody else.
    ["127.0.0.1, 203.0.113.9", "203.0.113.9"],
    ["6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"],
    ["10.9.9.9, 10.1.2.3", "10.9.9.9"],
    ["6.6.6.6, rubbish, 10.1.2.3", "10.1.2.3"],
    ["rubbish", "10.0.0.1"],
    ["", "10.0.0.1"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[2001:db8::1]:4711", "2001:db8::1"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
  ])("in X-Forwarded-For %p is %p: the last one that is no trusted proxy", (list, address) => {
    expect(through(["10.0.0.0/8"], { "x-forwarded-for": list }).address).toBe(address);
  });

  test("has the host and protocol that the nearest proxy says", () => {
    const headers = { "x-forwarded-host": "evil.example, sluice.example", "x-forwarded-proto": "https, http" };
    expect(through(["10.0.0.1"], headers)).toMatchObject({ authority: "sluice.example", secure: false });
  });

  test("may come by IPv6", () => {
    expect(through(["fd00::/8"], { "x-forwarded-for": "2001:db8::7" }, "fd00::1").address).toBe("2001:db8::7");
    expect(through(["fd00::/8"], { "x-forwarded-for": "2001:db8::7" }, "fe80::1").address).toBe("fe80::1");
  });
});

test.each([
  ["10.0.0.0/8", true],
  ["10.0.0.1", true],
  ["fd00::/8", true],
  ["::1", true],
  ["10.0.0.0/33", false],
  ["fd00::/129", false],
  ["10.0.0/8", false],
  ["proxy.example", false],
  ["10.0.0.0/8/8", false],
  ["10.0.0.0/", false],
  ["", false],
])("%p is a network: %p", (text, expected) => {
  expect(isNetwork(text)).toBe(expected);
});

test.each([
  ["203.0.113.9", "203.0.113.9"],
  ["2001:db8:0:1::7", "2001:db8:0:1::/64"],
  ["2001:DB8:0:1:ffff:0:0:1", "2001:db8:0:1::/64"],
  ["2001:0db8:0000:0001::1", "2001:db8:0:1::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1:2:3:4", "fe80:0:0:0::/64"],
])("%p counts as %p", (address, caller) => {
  expect(callerOf(address)).toBe(caller);
});

test("an IPv4 address is one however it is written", () => {
  expect(plainAddress("::ffff:127.0.0.1")).toBe("127.0.0.1");
  expect(plainAddress("::1")).toBe("::1");
});
