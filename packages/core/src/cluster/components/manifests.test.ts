import { describe, expect, test } from "bun:test";
import { clusterLimits } from "../limits.ts";
import { memoryFiles } from "../memory-ports.suite.ts";
import { parseManifests, readManifests } from "./manifests.ts";

const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
const read = (files: Record<string, string>, paths: readonly string[], limits: Partial<typeof clusterLimits> = {}) =>
  readManifests({ folder: "app", paths, files: memoryFiles(files), limits: { ...clusterLimits, ...limits } });

test("folders are read to the bottom in order, files as they are named, and what is no manifest is left alone", async () => {
  const files = {
    "app/all/b.yaml": `${map("b")}---\n${map("c")}---\n`,
    "app/all/a/x.json": JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } }],
    }),
    "app/all/README.md": "no manifest",
    "app/one": map("one"),
  };
  const found = await read(files, ["all/", "one"]);
  expect(found.ok && found.value.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "Pod p",
    "ConfigMap b",
    "ConfigMap c",
    "ConfigMap one",
  ]);
});

describe("refused is", () => {
  test.each([
    [{ "app/a.yaml": "a: [\n" }, ["a.yaml"], "invalid_manifest", "a.yaml:"],
    [{ "app/a.yaml": `${map("a")}---\nkind: Pod\n` }, ["a.yaml"], "invalid_manifest", "a.yaml:5: it has no apiVersion"],
    [
      { "app/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {}\n" },
      ["a.yaml"],
      "invalid_manifest",
      "Pod has no metadata.name",
    ],
    [{ "app/a.yaml": "just text" }, ["a.yaml"], "invalid_manifest", "no object"],
    [{ "app/a.yaml": `${map("a")}  \n`.replace("a }", "a, uid: x }") }, ["a.yaml"], "invalid_manifest", "metadata.uid"],
    [
      { "app/a.yaml": map("a"), "app/b.yaml": map("a") },
      ["a.yaml", "b.yaml"],
      "invalid_manifest",
      "is in a.yaml already",
    ],
    [{}, ["gone"], "invalid_manifest", "no such file"],
    [{}, ["../out"], "invalid_manifest", "leads out"],
    [{}, ["/etc"], "invalid_manifest", "leads out"],
  ])("%#", async (files, paths, code, message) => {
    expect(await read(files as Record<string, string>, paths)).toMatchObject({
      error: { code, message: expect.stringContaining(message) },
    });
  });

  test("more than the limits take", async () => {
    const files = { "app/m/a.yaml": map("a"), "app/m/b.yaml": map("b") };
    for (const limit of ["manifestBytesMax", "manifestObjectsMax", "manifestFilesMax"] as const) {
      expect(await read(files, ["m"], { [limit]: 1 })).toMatchObject({
        error: { code: "payload_too_large", message: expect.stringContaining(limit) },
      });
    }
  });
});

test("an empty file is no object", () => {
  expect(parseManifests("a.yaml", "# nothing\n")).toEqual({ ok: true, value: [] });
});
