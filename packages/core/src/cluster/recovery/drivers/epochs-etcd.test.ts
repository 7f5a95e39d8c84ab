// Epochs in etcd, as far as it goes without one: `recovery-real.slow.test.ts` has the real one.
import { expect, test } from "bun:test";
import { etcdEpochs } from "./epochs-etcd.ts";

function over(answer: (server: string, path: string) => { readonly status: number; readonly body: object }) {
  const asked: string[] = [];
  const transport = {
    send: async ({ server }: { readonly server: string }, { path }: { readonly path: string }) => {
      asked.push(server + path);
      const { status, body } = answer(server, path);
      if (status === 0) throw new Error("no answer");
      return {
        status,
        header: () => undefined,
        text: async () => JSON.stringify(body),
        chunks: () => new Blob([]).stream(),
      };
    },
  };
  const endpoints = ["http://one/", "http://two"];
  return { asked, epochs: etcdEpochs({ endpoints, prefix: "/p/", name: "shop", transport, timeoutMs: 1_000 }) };
}

test("the next member is asked where one does not answer, and nobody is silence", async () => {
  const { asked, epochs } = over((server) => ({ status: server === "http://one" ? 0 : 200, body: { kvs: [] } }));
  expect(await epochs.read()).toEqual({ outcome: "ok", claim: undefined });
  expect(asked).toEqual(["http://one/v3/kv/range", "http://two/v3/kv/range"]);
  const none = over(() => ({ status: 0, body: {} })).epochs;
  expect(await none.claim({ attempt: "x" })).toEqual({ outcome: "silent", reason: "http://two: no answer" });
  const broken = over(() => ({ status: 500, body: { error: "no leader" } })).epochs;
  expect(await broken.conclude({ attempt: "x", epoch: 1, site: "a" })).toMatchObject({
    outcome: "silent",
    reason: expect.stringContaining("no leader"),
  });
});

test("an epoch that others keep changing is not taken", async () => {
  const value = btoa(JSON.stringify({ epoch: 1, attempt: "", active: { site: "a", epoch: 1 } }));
  const { epochs } = over((_server, path) => ({
    status: 200,
    body: path.endsWith("txn") ? {} : { kvs: path === "" ? [] : [{ value, mod_revision: "5" }] },
  }));
  // Every key is there: that of the attempt too, so it was superseded.
  expect(await epochs.claim({ attempt: "x" })).toEqual({ outcome: "stale" });
  expect(await epochs.conclude({ attempt: "x", epoch: 2, site: "b" })).toEqual({ outcome: "stale" });
});
