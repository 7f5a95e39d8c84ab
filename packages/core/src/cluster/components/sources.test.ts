// Sources of manifests: files, what programs make of a kustomization or a chart, and a repository that has any of these.
import { expect, test } from "bun:test";
import { ok } from "../../kernel/result.ts";
import { clusterLimits } from "../limits.ts";
import { memoryFiles } from "../memory-ports.suite.ts";
import type { PlacedFiles, ProcessRunner } from "../ports.ts";
import { readSource } from "./sources.ts";

const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
const placed = (files: Record<string, string>): PlacedFiles => ({
  ...memoryFiles(files),
  place: async (path) => (path.startsWith("..") ? undefined : `/project/${path}`),
});
const own = { name: "web", namespace: "shop" };

/** Programs by name, and what they were asked. */
function programs(answers: Readonly<Record<string, { exitCode?: number; stdout?: string; stderr?: string }>>) {
  const asked: string[] = [];
  const processes: ProcessRunner = {
    run: async ({ command, args }) => {
      asked.push([command, ...args].join(" "));
      const answer = answers[command];
      if (answer === undefined) throw new Error("no such program");
      return { exitCode: 0, stdout: "", stderr: "", ...answer };
    },
  };
  return { asked, processes };
}

function options(p: {
  files?: Record<string, string>;
  processes?: ProcessRunner;
  limits?: Partial<typeof clusterLimits>;
}) {
  const closed: string[] = [];
  const checkouts = {
    open: async ({ url, ref }: { url: string; ref: string | undefined }) =>
      ok({
        files: placed({ "deploy/a.yaml": map("from-git") }),
        commit: `${ref ?? "HEAD"}-commit`,
        close: async () => void closed.push(url),
      }),
  };
  const { processes } = p.processes === undefined ? programs({}) : { processes: p.processes };
  return { files: placed(p.files ?? {}), processes, checkouts, closed, limits: { ...clusterLimits, ...p.limits } };
}

const names = (read: Awaited<ReturnType<typeof readSource>>) =>
  read.ok ? read.value.objects.map(({ metadata }) => metadata.name) : read.error.message;

test("a kustomization is rendered by kustomize, or by kubectl where there is none; without both it says so", async () => {
  const spec = { ...own, kustomize: "overlays/prod" };
  const first = programs({ kustomize: { stdout: map("k") } });
  expect(names(await readSource(spec, "app", options(first)))).toEqual(["k"]);
  expect(first.asked).toEqual(["kustomize build /project/app/overlays/prod"]);
  const second = programs({ kubectl: { stdout: map("k") } });
  expect(names(await readSource(spec, "", options(second)))).toEqual(["k"]);
  expect(second.asked).toEqual(["kustomize build /project/overlays/prod", "kubectl kustomize /project/overlays/prod"]);
  expect(names(await readSource(spec, "", options({})))).toBe(
    "Neither kustomize nor kubectl is installed where the server runs.",
  );
});

test("a chart is rendered by helm with its values; what helm says of a failure is said", async () => {
  const helm = programs({ helm: { stdout: `${map("one")}---\n${map("two")}` } });
  const spec = { ...own, helm: { chart: "chart", values: ["prod.yaml"], version: "1.2.3" } };
  expect(names(await readSource(spec, "app", options(helm)))).toEqual(["one", "two"]);
  expect(helm.asked).toEqual([
    "helm template web /project/app/chart --namespace shop --include-crds --values /project/app/prod.yaml --version 1.2.3",
  ]);
  const remote = programs({ helm: { exitCode: 1, stderr: "Error: chart not found\n" } });
  expect(
    names(await readSource({ ...own, helm: { chart: "oci://registry/x", values: [] } }, "", options(remote))),
  ).toContain("Error: chart not found");
  expect(remote.asked).toEqual(["helm template web oci://registry/x --namespace shop --include-crds"]);
});

test("a repository is fetched at its revision, read in its folder, and let go of, whatever came of it", async () => {
  const from = options({});
  const git = { url: "https://example.com/x.git", ref: "v1", path: "deploy" };
  expect(await readSource({ ...own, git, manifests: ["a.yaml"] }, "app", from)).toMatchObject({
    value: { revision: "v1-commit", objects: [{ metadata: { name: "from-git" } }] },
  });
  expect(names(await readSource({ ...own, git, manifests: ["none.yaml"] }, "app", from))).toContain("none.yaml");
  expect(from.closed).toEqual([git.url, git.url]);
});

test("what is too large, leads out, or is no manifest is refused; files are read as ever", async () => {
  const kustomize = programs({ kustomize: { stdout: map("k") } });
  expect(names(await readSource({ ...own, kustomize: "../out" }, "", options(kustomize)))).toContain(
    "There is no ../out",
  );
  expect(
    names(await readSource({ ...own, kustomize: "a" }, "", options({ ...kustomize, limits: { manifestBytesMax: 5 } }))),
  ).toContain("manifestBytesMax");
  expect(
    names(
      await readSource({ ...own, kustomize: "a" }, "", options({ ...kustomize, limits: { manifestObjectsMax: 0 } })),
    ),
  ).toContain("manifestObjectsMax");
  expect(
    names(await readSource({ ...own, kustomize: "a" }, "", options(programs({ kustomize: { stdout: "a: [" } })))),
  ).toContain("output of kustomize");
  expect(
    names(await readSource({ ...own, manifests: ["a.yaml"] }, "", options({ files: { "a.yaml": map("file") } }))),
  ).toEqual(["file"]);
});
