// The drivers that a file declares.
import { expect, test } from "bun:test";
import { fail } from "../../kernel/result.ts";
import { openDesk } from "./open-desk.ts";
import { planOf } from "./recovery-plan.suite.ts";

const nobody = async (): Promise<never> => {
  throw new Error("nobody answers");
};
const ground = {
  transport: { send: nobody },
  servers: { session: nobody },
  lines: { say: nobody },
  scripts: { run: nobody },
  secret: async (name: string) => (name === "there" ? "value" : undefined),
  openCluster: async () => fail({ code: "cluster_not_found", message: "none", hint: "" } as const),
  timeoutMs: 1,
};
const traffic = [
  { name: "edge", kind: "haproxy", addresses: ["h:1"], backend: "b", servers: { a: ["a"], b: ["b"] } },
  {
    name: "name",
    kind: "dns",
    server: "s",
    zone: "z",
    record: "r",
    values: { a: "1", b: "2" },
    key: { secret: "there" },
  },
  {
    name: "size",
    kind: "scale",
    objects: { a: { cluster: "c", name: "x", replicas: 1 }, b: { cluster: "d", name: "x", replicas: 1 } },
  },
];

test("are made of it; whoever does not answer is silent", async () => {
  const desk = await openDesk(planOf({ traffic }), ground, undefined);
  if (!desk.ok) throw new Error(desk.error.message);
  expect(desk.value.traffic.map(({ name }) => name)).toEqual(["edge", "name", "size"]);
  expect(await desk.value.epochs.read()).toMatchObject({ outcome: "silent" });
  expect(await desk.value.data[0]?.look("a")).toMatchObject({ outcome: "silent" });
  expect(await desk.value.observers[0]?.look("a")).toBe("silent");
});

test("observers in the domain of the site that is left say nothing about it", async () => {
  const urls = { a: "http://127.0.0.1:1", b: "http://127.0.0.1:1" };
  const observers = [
    { name: "in", domain: "berlin", urls },
    { name: "out", domain: "office", urls },
  ];
  const desk = await openDesk(planOf({ observers }), ground, "a");
  expect(desk.ok && desk.value.observers.map(({ name }) => name)).toEqual(["out"]);
});

test("a secret that there is not is named", async () => {
  const epochs = { kind: "postgres", url: { secret: "gone" }, domains: ["office"] };
  expect(await openDesk(planOf({ epochs }), ground, undefined)).toMatchObject({
    ok: false,
    error: { code: "secret_not_found", message: expect.stringContaining("gone") },
  });
});
