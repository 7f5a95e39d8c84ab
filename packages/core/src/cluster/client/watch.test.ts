import { describe, expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import type { DoubleBench } from "../double/bench.suite.ts";
import { status } from "../double/api-double.suite.ts";
import type { KubeObject } from "../objects.ts";
import { WatchCache } from "./watch.ts";

const map = (name: string, data: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

/** A cache whose changes can be waited for. */
function watched(bench: DoubleBench) {
  const told: string[] = [];
  const waiting: { readonly what: string; readonly resolve: () => void }[] = [];
  const cache = new WatchCache({
    resources: bench.resources,
    selection: { apiVersion: "v1", kind: "ConfigMap" },
    keep: ({ apiVersion, kind, metadata, data }) => ({ apiVersion, kind, metadata, data }),
    onChange: ({ type, key }) => {
      told.push(`${type} ${key}`);
      for (const each of waiting) if (told.includes(each.what)) each.resolve();
    },
  });
  const until = async (what: string): Promise<void> => {
    if (told.includes(what)) return;
    const reached = Promise.withResolvers<void>();
    waiting.push({ what, resolve: reached.resolve });
    await reached.promise;
  };
  cache.start();
  return { cache, told, until };
}

describe("a watch", () => {
  test("knows what there was, and follows what comes, changes and goes", async () => {
    await using bench = doubleBench();
    bench.double.put(map("a"));
    const { cache, told, until } = watched(bench);
    await cache.ready;
    expect(cache.get("ConfigMap default/a")?.metadata.name).toBe("a");
    bench.double.put(map("b", { x: "1" }));
    await until("set ConfigMap default/b");
    bench.double.drop("ConfigMap", "a");
    await until("removed ConfigMap default/a");
    expect(cache.objects.map(({ metadata }) => metadata.name)).toEqual(["b"]);
    expect(told).toEqual(["set ConfigMap default/a", "set ConfigMap default/b", "removed ConfigMap default/a"]);
    await cache.stop();
    expect(cache.lists).toBe(1);
  });

  test("goes on from a bookmark after the connection ended, without listing anew", async () => {
    await using bench = doubleBench();
    const { cache, until } = watched(bench);
    await cache.ready;
    bench.double.put(map("a"));
    await until("set ConfigMap default/a");
    bench.double.put({ apiVersion: "v1", kind: "Secret", metadata: { name: "other", namespace: "default" } });
    bench.double.bookmark("ConfigMap");
    bench.double.breakWatches();
    bench.double.put(map("b"));
    await until("set ConfigMap default/b");
    expect([cache.lists, cache.bookmarks]).toEqual([1, 1]);
    const begun = bench.double.requests
      .filter(({ query }) => query.has("watch"))
      .map(({ query }) => Number(query.get("resourceVersion")));
    expect((begun.at(-1) ?? 0) > (begun[0] ?? 0)).toBe(true);
    await cache.stop();
  });

  test("lists anew when its version has expired, and tells what went meanwhile", async () => {
    await using bench = doubleBench();
    bench.double.put(map("a"));
    bench.double.put(map("b"));
    const { cache, until } = watched(bench);
    await cache.ready;
    bench.double.put(map("c"));
    await until("set ConfigMap default/c");
    bench.double.fault = ({ query }) => {
      if (!query.has("watch")) return undefined;
      bench.double.fault = () => undefined;
      bench.double.drop("ConfigMap", "a");
      return status(410, "Expired", "too old");
    };
    bench.double.breakWatches();
    await until("removed ConfigMap default/a");
    expect([cache.lists, cache.objects.length]).toEqual([2, 2]);
    await cache.stop();
  });

  test("takes a refusal in the stream as one", async () => {
    await using bench = doubleBench();
    bench.double.put(map("a"));
    const { cache, until } = watched(bench);
    await cache.ready;
    bench.double.put(map("b"));
    await until("set ConfigMap default/b");
    bench.double.breakWatches(410);
    bench.double.put(map("c"));
    await until("set ConfigMap default/c");
    expect(cache.lists).toBe(2);
    await cache.stop();
  });

  test("goes on after the server had no time for it, and says so meanwhile", async () => {
    await using bench = doubleBench({ retriesMax: 1 });
    bench.double.put(map("a"));
    let refusals = 0;
    bench.double.fault = ({ kind }) =>
      kind === "ConfigMap" && refusals++ < 3 ? status(429, "TooManyRequests", "busy") : undefined;
    const { cache } = watched(bench);
    await cache.ready;
    expect([cache.objects.length, refusals > 3]).toEqual([1, true]);
    await cache.stop();
  });
});
