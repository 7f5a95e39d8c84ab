import { describe, expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import type { DoubleBench } from "../double/bench.suite.ts";
import { status } from "../double/api-double.suite.ts";
import { sha256 } from "../memory-ports.suite.ts";
import type { KubeObject } from "../objects.ts";
import { digestOf } from "../plans/diff.ts";
import { bareObject, epochOf, removeObject, takeOver, writeObject } from "./write-object.ts";
import type { Writing } from "./write-object.ts";

const map = (data: object): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default" },
  data,
});
const nothing = { uid: undefined, digest: undefined };

function writing(bench: DoubleBench, epoch = 1, force: readonly string[] = []): Writing {
  return { resources: bench.resources, manager: "sluice-web", epoch, force, sha256 };
}
const seen = (object: KubeObject) => ({ uid: object.metadata.uid, digest: digestOf(object, sha256) });
const stored = (bench: DoubleBench) => bench.double.get("ConfigMap", "a");

describe("writing", () => {
  test("creates, and does nothing when it is done again", async () => {
    await using bench = doubleBench();
    expect(await writeObject(map({ x: "1" }), nothing, writing(bench))).toMatchObject({
      value: { outcome: "created" },
    });
    const version = stored(bench)?.metadata.resourceVersion;
    expect(await writeObject(map({ x: "1" }), nothing, writing(bench))).toMatchObject({
      value: { outcome: "unchanged" },
    });
    expect(stored(bench)?.metadata.resourceVersion).toBe(version as string);
  });

  test("refuses what is not what the plan was made for", async () => {
    await using bench = doubleBench();
    const code = async (expected: Parameters<typeof writeObject>[1]) => {
      const written = await writeObject(map({ x: "1" }), expected, writing(bench));
      return written.ok ? written.value.outcome : written.error.message;
    };
    expect(await code({ uid: "gone", digest: "d" })).toContain("has been deleted");
    const there = bench.double.put(map({ x: "0" }));
    expect(await code(nothing)).toContain("made by somebody else");
    expect(await code({ uid: "other", digest: "d" })).toContain("made anew");
    expect(await code({ uid: there.metadata.uid, digest: "other" })).toContain("has changed");
    expect(await code(seen(there))).toContain("conflicts");
    bench.double.put({ ...map({ x: "0" }), metadata: { ...map({}).metadata, deletionTimestamp: "now" } });
    expect(await code(seen(there))).toContain("is being deleted");
  });

  test("goes on when a controller writes a status in between, and not when somebody changes what was approved", async () => {
    await using bench = doubleBench();
    await writeObject(map({ x: "1" }), nothing, writing(bench));
    const there = stored(bench) as KubeObject;
    await takeOver(map({}), writing(bench, 2));
    let between = 0;
    bench.double.fault = ({ method, query }) => {
      if (method === "PATCH" && query.get("fieldManager") === "sluice-web" && between++ < 2)
        bench.double.touch("ConfigMap", "a", { status: { n: between } });
      return undefined;
    };
    expect(await writeObject(map({ x: "2" }), seen(there), writing(bench, 2))).toMatchObject({
      value: { outcome: "configured" },
    });
    expect(between).toBe(3);
    await takeOver(map({}), writing(bench, 3));
    const again = stored(bench) as KubeObject;
    bench.double.fault = ({ method }) => {
      if (method === "PATCH") bench.double.touch("ConfigMap", "a", { data: { x: "theirs" } });
      return undefined;
    };
    expect(await writeObject(map({ x: "3" }), seen(again), writing(bench, 3))).toMatchObject({
      error: { code: "plan_stale" },
    });
  });

  test("finds out by looking what became of a request without an answer", async () => {
    await using bench = doubleBench();
    let lost = 0;
    bench.double.fault = async ({ method }) => {
      if (method !== "PATCH" || lost++ > 0) return undefined;
      // It was done, and the answer did not come.
      bench.double.fault = () => undefined;
      await writeObject(map({ x: "1" }), nothing, writing(bench));
      return status(504, "Timeout", "the answer was lost");
    };
    expect(await writeObject(map({ x: "1" }), nothing, writing(bench))).toMatchObject({
      value: { outcome: "unchanged" },
    });
    expect(bench.double.requests.filter(({ method }) => method === "PATCH")).toHaveLength(3);
  });

  test("takes fields from others only where they are named, and those of client-side apply always", async () => {
    await using bench = doubleBench();
    const there = bench.double.put(map({ x: "theirs" }), "helm");
    expect(await writeObject(map({ x: "ours" }), seen(there), writing(bench))).toMatchObject({
      error: { code: "cluster_conflict", message: expect.stringContaining("ConfigMap default/a") },
    });
    expect(await writeObject(map({ x: "ours" }), seen(there), writing(bench, 1, [".data.x"]))).toMatchObject({
      ok: true,
    });
    bench.double.drop("ConfigMap", "a");
    const old = bench.double.put(map({ x: "old", gone: "1" }), "kubectl-client-side-apply");
    expect(await writeObject(map({ x: "new" }), seen(old), writing(bench))).toMatchObject({ ok: true });
    expect(stored(bench)?.["data"]).toEqual({ x: "new" });
    expect(stored(bench)?.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["sluice-web"]);
  });
});

describe("an epoch", () => {
  test("is stamped on what is there, and a lower one is refused from then on", async () => {
    await using bench = doubleBench();
    await writeObject(map({ x: "1" }), nothing, writing(bench, 1));
    const before = stored(bench) as KubeObject;
    expect(await takeOver(map({}), writing(bench, 2))).toEqual({ ok: true, value: null });
    expect(epochOf(stored(bench) as KubeObject)).toBe(2);
    for (const attempt of [
      writeObject(map({ x: "2" }), seen(before), writing(bench, 1)),
      takeOver(map({}), writing(bench, 1)),
      removeObject(map({}), seen(before), writing(bench, 1)),
    ]) {
      expect(await attempt).toMatchObject({ error: { code: "operation_superseded" } });
    }
    expect(stored(bench)?.["data"]).toEqual({ x: "1" });
    expect(
      await takeOver(
        bareObject({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "none" }),
        writing(bench, 2),
      ),
    ).toMatchObject({ ok: true });
    expect(
      await takeOver(bareObject({ apiVersion: "a.b/v1", kind: "None", namespace: "", name: "x" }), writing(bench, 2)),
    ).toMatchObject({ ok: true });
  });

  test("taken over between looking and acting: the cluster itself refuses", async () => {
    await using bench = doubleBench();
    await writeObject(map({ x: "1" }), nothing, writing(bench, 1));
    const before = stored(bench) as KubeObject;
    bench.double.fault = async ({ method, query }) => {
      if (method !== "PATCH" || query.get("fieldManager") !== "sluice-web") return undefined;
      bench.double.fault = () => undefined;
      await takeOver(map({}), writing(bench, 2));
      return undefined;
    };
    expect(await writeObject(map({ x: "2" }), seen(before), writing(bench, 1, [".data", ".metadata"]))).toMatchObject({
      error: { code: "operation_superseded" },
    });
    expect(stored(bench)?.["data"]).toEqual({ x: "1" });
  });
});

test("what is removed is what was seen: another of its name stays, one that changed too", async () => {
  await using bench = doubleBench();
  const there = bench.double.put(map({ x: "1" }));
  expect(await removeObject(map({}), { uid: "other", digest: "d" }, writing(bench))).toEqual({
    ok: true,
    value: "gone",
  });
  expect(await removeObject(map({}), { uid: there.metadata.uid, digest: "other" }, writing(bench))).toMatchObject({
    error: { code: "plan_stale" },
  });
  expect(await removeObject(map({}), seen(there), writing(bench))).toEqual({ ok: true, value: "removed" });
  expect(await removeObject(map({}), seen(there), writing(bench))).toEqual({ ok: true, value: "gone" });
  const again = bench.double.put(map({ x: "2" }));
  const any = { uid: again.metadata.uid, digest: undefined, anyContent: true };
  expect(await removeObject(map({}), any, writing(bench))).toEqual({ ok: true, value: "removed" });
});
