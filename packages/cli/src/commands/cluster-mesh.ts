// `sluice cluster mesh`: what of a mesh is where, what is wrong with it, and its upgrades and canaries.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { Api, TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { ended } from "./cluster-text.ts";
import { awaitEnd } from "./run-text.ts";

interface MeshView {
  readonly revisions: readonly {
    readonly name: string;
    readonly version: string;
    readonly ready: boolean;
    readonly tags: readonly string[];
    readonly proxies: number;
  }[];
  readonly proxies: readonly {
    readonly pod: string;
    readonly namespace: string;
    readonly revision: string;
    readonly version: string;
    readonly stale: string | null;
  }[];
  readonly certificates: readonly {
    readonly source: string;
    readonly notAfter: number | null;
    readonly state: string;
  }[];
  readonly validator: string | null;
  readonly problems: readonly string[];
}

interface FindingView {
  readonly code: string;
  readonly level: string;
  readonly resource: string;
  readonly message: string;
  readonly path: string | null;
}

interface UpgradeFlags extends TargetFlags {
  readonly from: string;
  readonly to: string;
  readonly tag: string;
  readonly component?: string;
  readonly first?: readonly string[];
  readonly prometheus?: string;
  readonly check?: readonly string[];
  readonly settle?: string;
  readonly approval: string;
  readonly wait: boolean;
}

export function addMesh(cluster: Command, io: Io): void {
  const mesh = commandGroup(
    cluster,
    "mesh",
    "The service mesh of a cluster: revisions, configuration, upgrades, canaries",
  );
  addStatus(mesh, io);
  addAnalyze(mesh, io);
  addUpgrade(mesh, io);
  addCanary(mesh, io);
}

function addStatus(mesh: Command, io: Io): void {
  clientCommand(mesh, {
    name: "status",
    description: "Revisions, tags, proxies and certificates; exits with 1 when something is not as it should be",
    example: "sluice cluster mesh status main",
  })
    .argument("<cluster>", "name of the cluster")
    .action(async (name: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{ readonly mesh: MeshView }>(`/api/v1/clusters/${segment(name)}/mesh`);
      show(io, flags, { json: answer, text: () => statusLines(answer.mesh) });
      const { problems } = answer.mesh;
      if (problems.length > 0) throw ended("not_ready", problems.join(" "));
    });
}

function statusLines({ revisions, proxies, certificates, validator, problems }: MeshView): readonly string[] {
  if (revisions.length === 0) return ["No mesh is installed."];
  const rows = revisions.map((each) => [
    each.name,
    each.version,
    each.ready ? "ready" : "not ready",
    each.tags.join(" "),
    String(each.proxies),
  ]);
  const stale = proxies
    .filter((proxy) => proxy.stale !== null)
    .map((proxy) => [`${proxy.namespace}/${proxy.pod}`, proxy.revision, proxy.version, proxy.stale ?? ""]);
  return [
    ...table(["REVISION", "VERSION", "STATE", "TAGS", "PROXIES"], rows),
    `Configuration is validated by ${validator ?? "nobody"}.`,
    ...(stale.length === 0 ? [] : ["", ...table(["PROXY", "REVISION", "VERSION", "WHY"], stale)]),
    ...(certificates.length === 0
      ? []
      : [
          "",
          ...table(
            ["CERTIFICATE", "EXPIRES", "STATE"],
            certificates.map((each) => [each.source, each.notAfter === null ? "-" : time(each.notAfter), each.state]),
          ),
        ]),
    ...problems.map((problem) => `! ${problem}`),
  ];
}

function addAnalyze(mesh: Command, io: Io): void {
  clientCommand(mesh, {
    name: "analyze",
    description: "What is wrong with the configuration; exits with 1 when there are errors",
    example: "sluice cluster mesh analyze main --namespace shop --file routes.yaml",
  })
    .argument("<cluster>", "name of the cluster")
    .option("--namespace <name>", "only what is in it")
    .option("--file <file...>", "manifests that would be there besides")
    .action(
      async (name: string, flags: TargetFlags & { readonly namespace?: string; readonly file?: readonly string[] }) => {
        const texts = await Promise.all((flags.file ?? []).map((file) => textOf(io, file)));
        const { namespace } = flags;
        const body = {
          ...(namespace === undefined ? {} : { namespace }),
          ...(texts.length === 0 ? {} : { manifests: texts.join("\n---\n") }),
        };
        const path = `/api/v1/clusters/${segment(name)}/mesh/analysis`;
        const answer = await apiOf(io, flags).json<{ readonly findings?: readonly FindingView[] }>(path, {
          method: "POST",
          body,
        });
        const findings = answer.findings ?? [];
        const lines = findings.map(
          ({ code, level, resource, message, path: at }) =>
            `${level} ${code} ${resource}${at === null ? "" : ` ${at}`}: ${message}`,
        );
        show(io, flags, { json: answer, text: () => (lines.length === 0 ? ["Nothing is wrong with it."] : lines) });
        const errors = findings.filter(({ level }) => level === "error").length;
        if (errors > 0) throw ended("not_ready", `${errors} errors.`);
      },
    );
}

async function textOf(io: Io, file: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, file), "utf8");
  } catch (error) {
    throw misused(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function addUpgrade(mesh: Command, io: Io): void {
  clientCommand(mesh, {
    name: "upgrade",
    description: "Upgrade from one revision to another and wait for the end; exits with 1 unless it completes",
    example: "sluice cluster mesh upgrade main --from 1-28 --to 1-29 --component istio-1-29 --first staging",
  })
    .argument("<cluster>", "name of the cluster")
    .requiredOption("--from <revision>", "the revision there is")
    .requiredOption("--to <revision>", "the revision there is to be")
    .option("--tag <tag>", "moved from one to the other", "default")
    .option("--component <name>", "installs the new revision (default: it is there already)")
    .option("--first <namespace...>", "go ahead of the others, in this order")
    .option("--prometheus <where>", "namespace/service:port of the cluster, or a URL")
    .option("--check <check...>", "a figure that has to be right: 'NAME<NUMBER=PROMQL' or 'NAME>NUMBER=PROMQL'")
    .option("--settle <ms>", "milliseconds between a change and the look at its figures")
    .option("--approval <who>", "who lets the old revision go: other than you, or self", "other")
    .option("--no-wait", "do not wait for the end")
    .action(async (name: string, flags: UpgradeFlags) => {
      const { from, to, tag, component, first, prometheus, settle, approval } = flags;
      const body = {
        from,
        to,
        tag,
        component,
        namespaces: first,
        prometheus,
        approval,
        checks: (flags.check ?? []).map(checkOf),
        ...(settle === undefined ? {} : { settleMs: Number(settle) }),
      };
      await follow(io, flags, { path: `/api/v1/clusters/${segment(name)}/mesh/upgrades`, body });
    });
}

/** `errors<0.01=sum(rate(…))`. */
function checkOf(text: string): object {
  const found = /^([^<>=]+)([<>])([^=]+)=(.+)$/s.exec(text);
  const limit = Number(found?.[3]);
  if (found === null || Number.isNaN(limit)) throw misused(`${JSON.stringify(text)} is no check: NAME<NUMBER=PROMQL.`);
  const [, called, sign, , query] = found;
  return { name: called, query, ...(sign === "<" ? { max: limit } : { min: limit }) };
}

function addCanary(mesh: Command, io: Io): void {
  clientCommand(mesh, {
    name: "canary",
    description: "Release a canary as its file says and wait for the end; exits with 1 unless it is promoted",
    example: "sluice cluster mesh canary main canary.json",
  })
    .argument("<cluster>", "name of the cluster")
    .argument("<file>", "the canary, as JSON")
    .option("--no-wait", "do not wait for the end")
    .action(async (name: string, file: string, flags: TargetFlags & { readonly wait: boolean }) => {
      const text = await textOf(io, file);
      let canary: unknown;
      try {
        canary = JSON.parse(text);
      } catch (error) {
        throw misused(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
      }
      await follow(io, flags, { path: `/api/v1/clusters/${segment(name)}/mesh/canaries`, body: { canary } });
    });
}

async function follow(
  io: Io,
  flags: TargetFlags & { readonly wait: boolean },
  { path, body }: { readonly path: string; readonly body: object },
): Promise<void> {
  const api: Api = apiOf(io, flags);
  const { run } = await api.json<{ readonly run: string }>(path, { method: "POST", body });
  if (!flags.wait) return show(io, flags, { json: { run }, text: () => [`Run ${run} does it.`] });
  const { id, status, output, error } = await awaitEnd(api, run);
  const said = error === null ? `${status}: ${JSON.stringify(output)}` : error.message;
  show(io, flags, { json: { run: id, status, output, error }, text: () => [said, `Run ${id}`] });
  if (status !== "completed") throw ended("workflow_failed", error?.message ?? status);
}
