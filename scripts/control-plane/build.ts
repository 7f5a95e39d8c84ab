// Builds a real control plane once, from the Go module proxy: etcd, kube-apiserver, kube-controller-manager, kubectl and kwok. They
// lie outside the repository, under a name with their versions. Usage: `node scripts/run.mjs scripts/control-plane/build.ts`.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  copyFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaries, controlPlaneFolder, versions } from "./place.ts";

const staging = [
  "api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator",
  "component-base component-helpers controller-manager cri-api cri-client csi-translation-lib dynamic-resource-allocation",
  "endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics",
  "mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller",
].flatMap((line) => line.split(" "));

function run(cwd: string, ...command: readonly string[]): string {
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod -buildvcs=false", GOTOOLCHAIN: "local" };
  const done = Bun.spawnSync([...command], { cwd, env, stdout: "pipe", stderr: "inherit" });
  if (done.exitCode !== 0) throw new Error(`${command.slice(0, 4).join(" ")} ended with ${done.exitCode}`);
  return done.stdout.toString();
}

/** A module that imports what is built; answers its folder. */
function scratch(root: string, name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  run(folder, "go", "mod", "tidy");
  return folder;
}

function buildKubernetes(root: string, into: string): void {
  const { kubernetes } = versions;
  const parts = ["kube-apiserver", "kube-controller-manager", "kubectl"];
  const replaces = staging.map((each) => `replace k8s.io/${each} => k8s.io/${each} v0.${kubernetes}`).join("\n");
  const folder = scratch(root, "kubernetes", {
    "go.mod": `module scratch\n\ngo 1.24.0\n\ngodebug default=go1.24\n\nrequire k8s.io/kubernetes v1.${kubernetes}\n\n${replaces}\n`,
    "tools.go": `package tools\n\nimport (\n${parts.map((each) => `\t_ "k8s.io/kubernetes/cmd/${each}"`).join("\n")}\n)\n`,
  });
  const [minor = ""] = kubernetes.split(".");
  const at = "k8s.io/component-base/version";
  const flags = `-s -w -X ${at}.gitVersion=v1.${kubernetes} -X ${at}.gitMajor=1 -X ${at}.gitMinor=${minor}`;
  for (const each of parts)
    run(folder, "go", "build", "-ldflags", flags, "-o", join(into, each), `k8s.io/kubernetes/cmd/${each}`);
}

function buildEtcd(root: string, into: string): void {
  const main =
    'package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n';
  const folder = scratch(root, "etcd", {
    "go.mod": `module scratch\n\ngo 1.25.0\n\nrequire go.etcd.io/etcd/server/v3 v${versions.etcd}\n`,
    "main.go": main,
  });
  run(folder, "go", "build", "-ldflags", "-s -w", "-o", join(into, "etcd"), ".");
}

/** With the stages that make nodes and pods ready. */
function buildKwok(root: string, into: string): void {
  const folder = scratch(root, "kwok", {
    "go.mod": `module scratch\n\ngo 1.25.0\n\nrequire sigs.k8s.io/kwok v${versions.kwok}\n`,
    "tools.go": 'package tools\n\nimport _ "sigs.k8s.io/kwok/pkg/consts"\n',
  });
  const module = run(folder, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok").trim();
  const binFolder = join(root, "bin");
  const env = { ...process.env, CGO_ENABLED: "0", GOBIN: binFolder, GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local" };
  const done = Bun.spawnSync(["go", "install", "-ldflags", "-s -w", `sigs.k8s.io/kwok/cmd/kwok@v${versions.kwok}`], {
    env,
    stderr: "inherit",
  });
  if (done.exitCode !== 0) throw new Error(`kwok could not be built (${done.exitCode})`);
  copyFileSync(join(binFolder, "kwok"), join(into, "kwok"));
  for (const stage of ["node/fast", "node/heartbeat", "pod/fast"]) {
    const from = join(module, "kustomize/stage", stage);
    for (const name of readdirSync(from).filter((each) => each.endsWith(".yaml") && each !== "kustomization.yaml")) {
      copyFileSync(join(from, name), join(into, `stage-${stage.replace("/", "-")}-${name}`));
    }
  }
}

const target = controlPlaneFolder();
if (binaries.every((name) => existsSync(join(target, name)))) {
  console.log(`There already: ${target}`);
} else {
  const root = mkdtempSync(join(tmpdir(), "control-plane-"));
  const made = join(root, "made");
  mkdirSync(made);
  try {
    for (const build of [buildEtcd, buildKubernetes, buildKwok]) {
      const began = Date.now();
      build(root, made);
      console.log(`${build.name}: ${Math.round((Date.now() - began) / 1_000)} s`);
    }
    mkdirSync(join(target, ".."), { recursive: true });
    rmSync(target, { recursive: true, force: true });
    // Complete or not there: a build that is cut off leaves nothing that looks whole.
    Bun.spawnSync(["cp", "-a", made, `${target}.new`]);
    renameSync(`${target}.new`, target);
    console.log(`Built: ${target}`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
