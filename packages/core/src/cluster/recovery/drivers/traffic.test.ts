// Ways of clients: what is said to a proxy, a name server and a cluster, and what their answers mean.
import { expect, test } from "bun:test";
import { fail } from "../../../kernel/result.ts";
import { clusterBench } from "./traffic-bench.suite.ts";
import { dnsName, haproxy, scaling } from "./traffic.ts";

const heads = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state";
const proxyOf = (said: readonly string[], states: string) =>
  haproxy({
    name: "edge",
    addresses: ["h:1"],
    backend: "db",
    servers: { a: ["a1"], b: ["b1"] },
    timeoutMs: 1,
    lines: {
      say: async ({ line }) => {
        (said as string[]).push(line);
        return line.startsWith("show") ? states : "\n";
      },
    },
  });

test.each([
  [`1\n${heads}\n3 db 1 a1 127.0.0.1 2 0\n3 db 2 b1 127.0.0.1 0 5\n`, "a"],
  [`1\n${heads}\n3 db 1 a1 127.0.0.1 0 1\n3 db 2 b1 127.0.0.1 2 4\n`, "b"],
  [`1\n${heads}\n3 db 1 a1 127.0.0.1 2 0\n3 db 2 b1 127.0.0.1 2 0\n`, undefined],
  [`1\n${heads}\n3 db 1 a1 127.0.0.1 2 1\n3 db 2 b1 127.0.0.1 2 8\n`, undefined],
])("a proxy with %j leads to %p", async (states, site) => {
  expect(await proxyOf([], states).look()).toEqual({ outcome: "ok", site });
});

test("the site before is taken out, its sessions ended, before the new one is let in", async () => {
  const said: string[] = [];
  expect(await proxyOf(said, "").shift({ to: "b" })).toEqual({ outcome: "ok" });
  expect(said).toEqual([
    "set server db/a1 state maint",
    "shutdown sessions server db/a1",
    "set server db/b1 state ready",
  ]);
  const refusing = haproxy({
    name: "edge",
    addresses: ["h:1"],
    backend: "db",
    servers: { a: ["a1"], b: ["b1"] },
    timeoutMs: 1,
    lines: { say: async () => "No such server.\n" },
  });
  expect(await refusing.shift({ to: "b" })).toEqual({ outcome: "silent", reason: "h:1: No such server." });
});

test("a name is changed by an update of its zone, and read from its server", async () => {
  const scripts: string[] = [];
  const name = dnsName({
    name: "name",
    server: "10.0.0.1",
    port: 53,
    zone: "example.com",
    record: "shop.example.com",
    type: "A",
    ttlSec: 30,
    values: { a: "10.0.1.1", b: "10.0.2.1" },
    key: "hmac-sha256:k:c2VjcmV0",
    timeoutMs: 1,
    scripts: {
      run: async ({ command, stdin }) => {
        scripts.push(stdin);
        return {
          exitCode: command === "dig" ? 0 : stdin.includes("10.0.1.1") ? 2 : 0,
          stdout: "10.0.2.1\n",
          stderr: "REFUSED",
        };
      },
    },
  });
  expect(await name.shift({ to: "b" })).toEqual({ outcome: "ok" });
  expect(scripts[0]?.split("\n")).toEqual([
    "server 10.0.0.1 53",
    "key hmac-sha256:k c2VjcmV0",
    "zone example.com",
    "update delete shop.example.com. A",
    "update add shop.example.com. 30 A 10.0.2.1",
    "send",
    "",
  ]);
  expect(await name.look()).toEqual({ outcome: "ok", site: "b" });
  expect(await name.shift({ to: "a" })).toEqual({ outcome: "silent", reason: "nsupdate: REFUSED" });
});

test("what serves is scaled at both sites, and waited for", async () => {
  await using bench = await clusterBench();
  const object = { kind: "Deployment", namespace: "default", name: "web", replicas: 2 } as const;
  const size = scaling({
    name: "size",
    objects: { a: { ...object, cluster: "a" }, b: { ...object, cluster: "b" } },
    open: async (cluster) =>
      cluster === "a" ? bench.opened : fail({ code: "cluster_unreachable", message: "gone", hint: "" }),
  });
  await bench.put(0);
  expect(await size.shift({ to: "a" })).toEqual({ outcome: "silent", reason: "web has 0 of 2 replicas ready" });
  bench.ready(2);
  expect(await size.shift({ to: "a" })).toEqual({ outcome: "ok" });
  expect(await size.look()).toEqual({ outcome: "ok", site: "a" });
  expect(await size.shift({ to: "b" })).toEqual({ outcome: "silent", reason: "gone" });
});
