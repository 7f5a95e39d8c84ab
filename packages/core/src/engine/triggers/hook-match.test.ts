import { expect, test } from "bun:test";
import { bestMatches, matchPath } from "./hook-match.ts";

test.each([
  ["/a/:id", "/a/7", { id: "7" }],
  ["/a/:id", "/a/x%2Fy", { id: "x/y" }],
  ["/a/:id", "/a/%zz", { id: "%zz" }],
  ["/a/:id", "/a/", undefined],
  ["/a/:id", "/a", undefined],
  ["/a/:id", "/a/7/b", undefined],
  ["/a/*", "/a/b/c", { "*": "b/c" }],
  ["/a/*", "/a/", { "*": "" }],
  ["/a/*", "/b/c", undefined],
  ["/é", "/%C3%A9", {}],
  ["/a/:__proto__", "/a/x", JSON.parse('{"__proto__":"x"}')],
])("%p for %p", (pattern, path, params) => {
  expect(matchPath(pattern, path)?.params).toEqual(params);
});

test("what is written out comes before parameters, those before the rest", () => {
  const hooks = ["/a/*", "/a/:id", "/a/b", "/a/:name"].map((path) => ({
    manifest: { type: "webhook", path, method: "POST" } as const,
  }));
  const best = (path: string) => bestMatches(hooks, path).map(({ hook }) => hook.manifest.path);
  expect(best("/a/b")).toEqual(["/a/b"]);
  expect(best("/a/c")).toEqual(["/a/:id", "/a/:name"]);
  expect(best("/a/c/d")).toEqual(["/a/*"]);
  expect(best("/b")).toEqual([]);
});
