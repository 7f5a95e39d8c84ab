import { expect, test } from "bun:test";
import { unwrap } from "../kernel/result.ts";
import { Connections } from "./connections.ts";
import { fetchTransport } from "./double/bench.suite.ts";
import { clusterLimits } from "./limits.ts";
import { memoryFiles, sha256 } from "./memory-ports.suite.ts";
import { Room } from "./room.suite.ts";

test("a connection is kept for each person, made anew when asked for, and not kept when it failed", async () => {
  await using room = await Room.make({});
  room.double.mayImpersonate = true;
  const cluster = await room.store.clusters.getCluster({ name: "main" });
  if (cluster === undefined) throw new Error("no cluster");
  const by = { kind: "user", id: "ada" } as const;
  const impersonating = { ...cluster, impersonate: true };
  await room.store.clusters.putCluster({ by, cluster: impersonating, acceptIdentity: false, now: 1 });
  const connections = new Connections({
    store: room.store.clusters,
    keeper: { keep: async () => undefined, kept: async (name) => room.kept.get(name) },
    transport: fetchTransport,
    processes: { run: () => Promise.reject(new Error("no program here")) },
    machine: memoryFiles({}),
    env: {},
    clock: room.clock,
    sha256,
    limits: { ...clusterLimits, retriesMax: 0 },
  });
  const own = unwrap(await connections.open("main"));
  const ada = unwrap(await connections.open("main", "ada"));
  expect([ada === own, unwrap(await connections.open("main", "ada")) === ada]).toEqual([false, true]);
  expect([own, ada].map(({ client }) => client.access.impersonate?.user)).toEqual([undefined, "ada"]);
  expect(unwrap(await connections.reopen("main")) === own).toBe(false);
  expect(unwrap(await connections.open("main", "ada")) === ada).toBe(false);
  room.double.drop("Namespace", "kube-system", "");
  expect(await connections.reopen("main", "ada")).toMatchObject({ ok: false });
  room.double.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
  expect(await connections.open("main", "ada")).toMatchObject({
    ok: false,
    error: { code: "cluster_identity_changed" },
  });
  expect(await connections.open("none")).toMatchObject({ ok: false, error: { code: "cluster_not_found" } });
});
