// A cache that is not well: nothing of it fails a build, and all of it together costs at most a second. What it does when it is well is
// tried with the real server, in packages/server/src/cache/remote-cache.test.ts.
import { afterAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../kernel/clock.ts";
import type { ActionResult } from "../ports.ts";
import { ViewedBuildCache } from "./build-results.ts";
import { bytesOf, CacheDesk, digestOf } from "./cache.fixture.suite.ts";
import { HttpBuildCache } from "./http-build-cache.ts";
import { OutageBudget } from "./outage-budget.ts";
import { resultSigner } from "./result-signing.ts";

const log = digestOf("log");
const keyOf = (n: number): string => digestOf(`key ${n}`);
const resultOf = (key: string): ActionResult => ({
  key,
  exitCode: 0,
  outputs: [],
  log,
  durationMs: 1,
  createdAtMs: 1,
  meta: {},
});

const held: (() => void)[] = [];
const hang = (): Promise<Response> =>
  new Promise((resolve) => held.push(() => resolve(new Response(null, { status: 503 }))));
const halves = (): Response =>
  new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytesOf('{"key":')),
      pull: (controller) => controller.error(new Error("cut off")),
    }),
  );
/** Answers pieces for as long as somebody listens. */
const trickle = (): Response => {
  let listens = true;
  return new Response(
    new ReadableStream<Uint8Array>({
      pull: (controller) =>
        new Promise<void>((resolve) => {
          systemClock.after(400, () => {
            if (listens) controller.enqueue(bytesOf(" "));
            resolve();
          });
        }),
      cancel: () => {
        listens = false;
      },
    }),
  );
};

const faults: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  hanging: hang,
  401: () => new Response("no", { status: 401 }),
  403: () => new Response("no", { status: 403 }),
  500: () => new Response("no", { status: 500 }),
  truncated: halves,
  trickling: trickle,
  "answering nonsense": () => new Response("nonsense"),
  "answering for another key": () => Response.json(resultOf(keyOf(999))),
  "naming what is gone": ({ url }) =>
    url.includes("/results/")
      ? Response.json(resultOf(url.split("/").at(-1) ?? ""))
      : new Response("", { status: 404 }),
  "sending other bytes": ({ url }) =>
    url.includes("/results/") ? Response.json(resultOf(url.split("/").at(-1) ?? "")) : new Response("evil"),
  redirecting: () => Response.redirect("http://127.0.0.1:9/"),
};
let fault: (typeof faults)[string] = hang;
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: (request) => fault(request) });
afterAll(async () => {
  for (const release of held) release();
  await server.stop(true);
});

function cacheAt(desk: CacheDesk, url: string) {
  const said: string[] = [];
  const budget = new OutageBudget({ clock: systemClock, outageMsMax: 1_000, gaveUp: (why) => void said.push(why) });
  const local = new ViewedBuildCache(desk.view(), (what) => void said.push(what));
  const { folder } = desk;
  return {
    said,
    cache: new HttpBuildCache({
      url,
      token: "t",
      local,
      budget,
      folder,
      signer: resultSigner({ name: "t" }),
      fetch: (to, init) => fetch(to, init),
    }),
  };
}

describe("a cache that is", () => {
  test.each([...Object.keys(faults), "refused"])(
    "%s fails no build, and costs at most a second",
    async (name) => {
      await using desk = new CacheDesk();
      fault = faults[name] ?? hang;
      const { cache, said } = cacheAt(
        desk,
        name === "refused" ? "http://127.0.0.1:9" : `http://127.0.0.1:${server.port}`,
      );
      const startedMs = performance.now();
      const keys = Array.from({ length: 30 }, (_, n) => keyOf(n));
      const found = await Promise.all(keys.map((key) => cache.find(key)));
      expect(found.filter((each) => each !== undefined)).toEqual([]);
      await cache.put({ bytes: bytesOf("log") });
      for (const key of keys) expect(await cache.commit(resultOf(key))).toBe("stored");
      const { confirmed, lost } = await cache.settle();
      const elapsedMs = performance.now() - startedMs;
      // A second, and what this machine takes besides: it is busy.
      expect(elapsedMs).toBeLessThan(8_000);
      // What answers everything with 200 has confirmed what it was told; nobody can know better.
      expect(confirmed + lost).toBe(30);
      if (!["answering for another key", "naming what is gone", "sending other bytes"].includes(name))
        expect(lost).toBe(30);
      expect(said.length).toBeLessThanOrEqual(1);
      // What was built is here, whatever became of it there.
      expect((await cache.find(keyOf(3)))?.log).toBe(log);
    },
    60_000,
  );
});
