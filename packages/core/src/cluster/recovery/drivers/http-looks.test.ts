// What observers and probes make of an answer.
import { expect, test } from "bun:test";
import { httpObserver, httpProbe } from "./http-looks.ts";

function over(status: number, text: string) {
  const urls = { a: "http://h/probe?target=a" };
  const asked: string[] = [];
  const transport = {
    send: async ({ server }: { readonly server: string }, { path }: { readonly path: string }) => {
      asked.push(server + path);
      if (status === 0) throw new Error("no answer");
      return { status, header: () => undefined, text: async () => text, chunks: () => new Blob([]).stream() };
    },
  };
  return { asked, p: { name: "x", domain: "d", urls, transport, timeoutMs: 1_000 } };
}

test.each([
  [200, '{"up":true}', "up"],
  [200, '{"up":false}', "down"],
  [200, "# HELP probe_success x\nprobe_success 0\n", "down"],
  [200, "probe_success 1\n", "up"],
  [200, "all is well", "silent"],
  [200, "null", "silent"],
  [500, '{"up":false}', "silent"],
  [0, "", "silent"],
])("an observer that answers %d %s: %s", async (status, text, vote) => {
  const { asked, p } = over(status, text);
  expect(await httpObserver(p).look("a")).toBe(vote as "up");
  expect(asked).toEqual(["http://h/probe?target=a"]);
});

test.each([
  [200, "ready", { outcome: "ok" }],
  [503, "ready", { outcome: "failed", reason: "answers 503 instead of 200" }],
  [200, "closed", { outcome: "failed", reason: 'does not answer "ready"' }],
  [0, "", { outcome: "silent", reason: "no answer" }],
])("a probe that is answered %d %s", async (status, text, seen) => {
  expect(await httpProbe({ ...over(status, text).p, status: 200, contains: "ready" }).look("a")).toEqual(seen as never);
});
