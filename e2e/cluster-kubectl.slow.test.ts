// kubectl as oracle: each of its verbs that the room has of its own, through the typed executor, through a shell, and through our client,
// comes to the same exit code, the same words and the same object; and what the two ways of running it cost is printed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessTo, resourcesOf } from "@sluice/core/cluster/double";
import { executeBunShell } from "sluice/precision";
import { ControlPlane, controlPlaneToken, whyNoControlPlane } from "./control-plane.ts";

const missing = whyNoControlPlane();
if (missing !== undefined) console.error(`left out: ${missing}`);

type Resources = ReturnType<typeof resourcesOf>;
type KubeObject = Parameters<Resources["apply"]>[0]["object"];
type Outcome = Promise<{ readonly ok: boolean }>;

/** What is the same for objects of different names made at different times. */
function outline(object: KubeObject | undefined, name: string): unknown {
  if (object === undefined) return "none";
  const { uid: _u, resourceVersion: _r, managedFields: _m, ...others } = object.metadata;
  // Controllers count revisions in annotations, and the API counts those.
  const { annotations: _a, generation: _g, ...meta } = others;
  const {
    creationTimestamp: _c,
    deletionTimestamp: _d,
    ...metadata
  } = meta as typeof meta & {
    creationTimestamp?: unknown;
  };
  const { status: _s, ...rest } = object;
  return JSON.parse(JSON.stringify({ ...rest, metadata }).replaceAll(name, "NAME")) as unknown;
}

interface Verb {
  readonly name: string;
  /** Arguments of kubectl; NAME stands for the object and FILE for its manifest. */
  readonly args: string;
  readonly ours: (resources: Resources, name: string) => Outcome;
}

const manager = "oracle";
const manifest = (name: string, replicas = 2): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default", labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "one" }] } },
  },
});
const named = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name });
const insists = async (answer: Promise<{ readonly ok: boolean; readonly value?: unknown }>): Outcome => {
  const { ok, value } = await answer;
  return { ok: ok && value !== undefined && value !== "gone" };
};

const verbs: readonly Verb[] = [
  { name: "get of nothing", args: "get deployment NAME", ours: (on, name) => insists(on.get(named(name))) },
  {
    name: "apply, dry",
    args: `apply --server-side --field-manager ${manager} --dry-run=server -f FILE`,
    ours: (on, name) => on.apply({ object: manifest(name), manager, dryRun: true }),
  },
  {
    name: "apply",
    args: `apply --server-side --field-manager ${manager} -f FILE`,
    ours: (on, name) => on.apply({ object: manifest(name), manager }),
  },
  { name: "get", args: "get deployment NAME -o name", ours: (on, name) => insists(on.get(named(name))) },
  {
    name: "get by label",
    args: "get deployments -l app=NAME -o name",
    ours: async (on, name) => {
      const listed = await on.list({ ...named(name), labelSelector: `app=${name}` });
      return { ok: listed.ok && listed.value.items.length === 1 };
    },
  },
  { name: "scale", args: "scale deployment NAME --replicas 3", ours: (on, name) => on.scale(named(name), 3) },
  {
    name: "patch, merge",
    args: `patch deployment NAME --type merge -p '{"metadata":{"labels":{"tier":"web"}}}'`,
    ours: (on, name) => on.patch(named(name), { type: "merge", patch: { metadata: { labels: { tier: "web" } } } }),
  },
  {
    name: "patch, json",
    args: `patch deployment NAME --type json -p '[{"op":"remove","path":"/metadata/labels/tier"}]'`,
    ours: (on, name) =>
      on.patch(named(name), { type: "json", patch: [{ op: "remove", path: "/metadata/labels/tier" }] }),
  },
  {
    name: "patch, strategic",
    args: `patch deployment NAME --type strategic -p '{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"two"}]}}}}'`,
    ours: (on, name) =>
      on.patch(named(name), {
        type: "strategic",
        patch: { spec: { template: { spec: { containers: [{ name: "c", image: "two" }] } } } },
      }),
  },
  {
    name: "apply with a conflict",
    args: "apply --server-side --field-manager another -f FILE",
    ours: (on, name) => on.apply({ object: manifest(name), manager: "another" }),
  },
  {
    name: "apply with force",
    args: "apply --server-side --field-manager another --force-conflicts -f FILE",
    ours: (on, name) => on.apply({ object: manifest(name), manager: "another", force: true }),
  },
  {
    name: "patch that is refused",
    args: `patch deployment NAME --type merge -p '{"spec":{"replicas":-1}}'`,
    ours: (on, name) => on.patch(named(name), { type: "merge", patch: { spec: { replicas: -1 } } }),
  },
  { name: "delete", args: "delete deployment NAME --wait=false", ours: (on, name) => insists(on.remove(named(name))) },
  { name: "delete of nothing", args: "delete deployment NAME", ours: (on, name) => insists(on.remove(named(name))) },
  {
    name: "a kind that there is not",
    args: "get nosuchkind NAME",
    ours: (on, name) => insists(on.get({ ...named(name), kind: "NoSuchKind" })),
  },
];

function inShell(command: string): { readonly exitCode: number; readonly stdout: string; readonly stderr: string } {
  const ran = { exitCode: 0, stdout: "", stderr: "" };
  try {
    return { ...ran, stdout: execSync(command, { stdio: "pipe" }).toString() };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { exitCode: status, stdout: stdout.toString(), stderr: stderr.toString() };
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

describe.skipIf(missing !== undefined)("against a real control plane", () => {
  const work = mkdtempSync(join(tmpdir(), "sluice-kubectl-"));
  const names = { typed: "typed-one", shell: "shell-one", ours: "ours-one" };
  let plane: ControlPlane;
  let resources: Resources;
  let kubectl: string;

  beforeAll(async () => {
    plane = await ControlPlane.start();
    const endpoint = { server: plane.url, ca: plane.ca, insecure: false };
    resources = resourcesOf(
      accessTo(plane.url, { endpoint, credentials: { kind: "token", token: controlPlaneToken } }),
    );
    kubectl = `${plane.kubectl} --kubeconfig ${plane.kubeconfigFile}`;
    for (const name of Object.values(names)) writeFileSync(join(work, `${name}.json`), JSON.stringify(manifest(name)));
  }, 180_000);
  afterAll(async () => {
    await plane[Symbol.asyncDispose]();
    rmSync(work, { recursive: true, force: true });
  });

  test("every verb comes to the same exit code, words and object, whoever asks", async () => {
    const command = ({ args }: Verb, name: string): string =>
      `${kubectl} ${args.replaceAll("NAME", name).replaceAll("FILE", join(work, `${name}.json`))}`;
    const same = (text: string, name: string): string => text.replaceAll(name, "NAME");
    const objectOf = async (name: string): Promise<unknown> => {
      const found = await resources.get(named(name));
      return outline(found.ok ? found.value : undefined, name);
    };
    for (const verb of verbs) {
      const typed = await executeBunShell(command(verb, names.typed));
      const shell = inShell(command(verb, names.shell));
      const ours = await verb.ours(resources, names.ours);
      const seen = {
        verb: verb.name,
        exitCode: typed.exitCode,
        stdout: same(typed.stdout, names.typed),
        stderr: typed.exitCode === 0 ? "" : same(typed.stderr, names.typed),
        object: await objectOf(names.typed),
      };
      expect(seen).toEqual({
        verb: verb.name,
        exitCode: shell.exitCode,
        stdout: same(shell.stdout, names.shell),
        stderr: same(shell.stderr, names.shell),
        object: await objectOf(names.shell),
      });
      const { object } = seen;
      expect({ verb: verb.name, ok: ours.ok, object: await objectOf(names.ours) }).toEqual({
        verb: verb.name,
        ok: shell.exitCode === 0,
        object,
      });
    }
  }, 240_000);

  test("what the typed executor and execSync cost is printed", async () => {
    const rounds = 15;
    const figures: Record<string, { readonly typedMs: number; readonly execSyncMs: number }> = {};
    for (const [name, text] of Object.entries({ true: "true", "kubectl get": `${kubectl} get namespace default` })) {
      const [typed, shell]: [number[], number[]] = [[], []];
      const runTyped = async (): Promise<void> => void typed.push((await executeBunShell(text)).durationMs);
      const runShell = (): void => {
        const began = performance.now();
        inShell(text);
        shell.push(performance.now() - began);
      };
      for (let round = 0; round < rounds; round++) {
        if (round % 2 === 0) runShell();
        await runTyped();
        if (round % 2 === 1) runShell();
      }
      const rounded = (values: readonly number[]): number => Math.round(median(values) * 100) / 100;
      figures[name] = { typedMs: rounded(typed), execSyncMs: rounded(shell) };
    }
    console.log(JSON.stringify({ executeBunShell: figures }));
    for (const { typedMs, execSyncMs } of Object.values(figures))
      expect([typedMs > 0, execSyncMs > 0]).toEqual([true, true]);
  }, 120_000);
});
