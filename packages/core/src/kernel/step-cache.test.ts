import { describe, expect, test } from "bun:test";
import { cacheName, cacheScope } from "./step-cache.ts";

describe("names of kept results", () => {
  test("a scope is a workflow's or everybody's", () => {
    expect(cacheScope({ scope: "workflow" }, "pay")).toBe("workflow:pay");
    expect(cacheScope({ scope: "global" }, "pay")).toBe("global");
  });

  test("no two results have one name", () => {
    expect(cacheName("global", "a", 'b"')).not.toBe(cacheName("global", 'a","b', ""));
    expect(cacheName("global", "a", "b")).toBe(cacheName("global", "a", "b"));
  });
});
