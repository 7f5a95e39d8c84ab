// Late creates of operations that were superseded, refused by the cluster itself.
import { describe, expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import type { DoubleBench } from "../double/bench.suite.ts";
import { status } from "../double/api-double.suite.ts";
import { sha256 } from "../memory-ports.suite.ts";
import type { KubeObject } from "../objects.ts";
import { fenceCreates, fenceName } from "./fence.ts";
import { writeObject } from "./write-object.ts";

const fence = (bench: DoubleBench, epoch: number, manager = "sluice-web") =>
  fenceCreates({ resources: bench.resources, manager, epoch });
const map: KubeObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default" },
  data: {},
};
const nothing = { uid: undefined, digest: undefined };
const create = (bench: DoubleBench, epoch: number, manager = "sluice-web") =>
  writeObject(map, nothing, { resources: bench.resources, manager, epoch, force: [], sha256 });

describe("a fence", () => {
  test("lets the operation that has the component make things, and none before it", async () => {
    await using bench = doubleBench();
    expect(await fence(bench, 1)).toEqual({ ok: true, value: "fenced" });
    expect(await fence(bench, 2)).toEqual({ ok: true, value: "fenced" });
    expect(await create(bench, 1)).toMatchObject({ ok: false, error: { code: "operation_superseded" } });
    expect(bench.double.get("ConfigMap", "a")).toBeUndefined();
    expect(await create(bench, 2)).toMatchObject({ ok: true, value: { outcome: "created" } });
  });

  test("is one for each component, and does not stand in the way of anybody else", async () => {
    await using bench = doubleBench();
    await fence(bench, 9);
    expect(await fence(bench, 1, "sluice-other")).toEqual({ ok: true, value: "fenced" });
    expect(bench.double.get("ConfigMap", "sluice-epochs", "kube-system")).toMatchObject({
      data: { "sluice-web": "9", "sluice-other": "1" },
    });
    expect(await create(bench, 1, "sluice-other")).toMatchObject({ ok: true });
  });

  test("is never lowered: who comes late hears that it was superseded", async () => {
    await using bench = doubleBench();
    await fence(bench, 3);
    expect(await fence(bench, 2)).toMatchObject({ ok: false, error: { code: "operation_superseded" } });
    // Between the look and the write of a later one.
    let raced = false;
    bench.double.fault = async ({ method, query }) => {
      if (raced || method !== "PATCH" || query.get("fieldManager") !== "sluice-fence-sluice-web") return undefined;
      raced = true;
      await fence(bench, 5);
      return undefined;
    };
    expect(await fence(bench, 4)).toMatchObject({ ok: false, error: { code: "operation_superseded" } });
    expect(bench.double.get("ConfigMap", "sluice-epochs", "kube-system")).toMatchObject({
      data: { "sluice-web": "5" },
    });
  });

  test("is waited for until the cluster refuses, and is put right where somebody has changed it", async () => {
    await using bench = doubleBench();
    let late = 3;
    bench.double.fault = ({ name, query }) =>
      name === "sluice-epochs-probe" && query.has("dryRun") && late-- > 0
        ? Response.json({ kind: "ConfigMap", apiVersion: "v1", metadata: { name } }, { status: 201 })
        : undefined;
    expect(await fence(bench, 1)).toEqual({ ok: true, value: "fenced" });
    expect(late).toBe(-1);
    const live = bench.double.get("ValidatingAdmissionPolicy", fenceName, "");
    bench.double.put({ ...live, spec: { ...(live?.["spec"] as object), validations: [] } } as KubeObject);
    expect(await fence(bench, 2)).toEqual({ ok: true, value: "fenced" });
    expect(bench.double.get("ValidatingAdmissionPolicy", fenceName, "")?.["spec"]).toMatchObject({
      validations: [{ message: "A later operation has this component." }],
    });
  });

  test("that never comes into effect is a failure that can be tried again", async () => {
    await using bench = doubleBench({ fenceWaitMs: 1_000 });
    bench.double.fault = ({ name }) =>
      name === "sluice-epochs-probe"
        ? Response.json({ kind: "ConfigMap", apiVersion: "v1", metadata: { name } }, { status: 201 })
        : undefined;
    expect(await fence(bench, 1)).toMatchObject({ ok: false, error: { code: "cluster_timeout" } });
  });

  test("is left out, and said to be, where the account may not make one or the cluster knows none", async () => {
    await using bench = doubleBench();
    bench.double.fault = ({ kind, method }) =>
      kind === "ValidatingAdmissionPolicy" && method === "PATCH" ? status(403, "Forbidden", "no") : undefined;
    expect(await fence(bench, 1)).toEqual({ ok: true, value: "unfenced" });
    bench.double.fault = ({ kind, method }) =>
      kind === "ValidatingAdmissionPolicy" && method === "PATCH" ? status(500, "InternalError", "away") : undefined;
    expect(await fence(bench, 1)).toMatchObject({ ok: false, error: { code: "cluster_unreachable" } });
  });
});
