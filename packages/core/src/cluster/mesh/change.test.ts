// A change is made once, on what was looked at, and looked at anew when somebody else was quicker.
import { expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { change } from "./change.ts";

const of = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "a" };
const edit = (live: object) => ((live as { data?: { x?: string } }).data?.x === "2" ? undefined : { data: { x: "2" } });

test("what is so already is left alone, and what is not there is no success", async () => {
  await using bench = doubleBench();
  expect(await change(bench.resources, of, { manager: "m", edit })).toMatchObject({
    ok: false,
    error: { code: "object_not_found" },
  });
  bench.double.put({ ...of, metadata: { name: "a", namespace: "default" }, data: { x: "1" } });
  expect(await change(bench.resources, of, { manager: "m", edit })).toMatchObject({ value: { outcome: "changed" } });
  expect(await change(bench.resources, of, { manager: "m", edit })).toMatchObject({ value: { outcome: "same" } });
});

test("somebody who was quicker is looked at again, and one who always is is a conflict", async () => {
  await using bench = doubleBench({ observationsMax: 3 });
  bench.double.put({ ...of, metadata: { name: "a", namespace: "default" }, data: { x: "1" } });
  let rivals = 1;
  bench.double.fault = ({ method }) => {
    if (method === "PATCH" && rivals-- > 0) bench.double.touch("ConfigMap", "a", { other: rivals });
    return undefined;
  };
  expect(await change(bench.resources, of, { manager: "m", edit })).toMatchObject({ value: { outcome: "changed" } });
  rivals = 10;
  bench.double.touch("ConfigMap", "a", { data: { x: "1" } });
  expect(await change(bench.resources, of, { manager: "m", edit })).toMatchObject({
    error: { code: "cluster_conflict" },
  });
  expect(rivals).toBe(7);
});
