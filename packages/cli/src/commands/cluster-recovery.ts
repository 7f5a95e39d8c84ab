// `sluice cluster recovery|failover|drill`: failover plans, how ready they are, and the failovers and drills that carry them out.
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { Api, TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { ended } from "./cluster-text.ts";
import { awaitEnd } from "./run-text.ts";

interface MeasuredView {
  readonly rpoMs: number | null;
  readonly rtoMs: number | null;
  readonly acknowledged: number;
  readonly lost: number;
}

interface RecoveryView {
  readonly name: string;
  readonly sites: readonly { readonly name: string; readonly domain: string }[];
  readonly readiness: {
    readonly ready: boolean;
    readonly active: string | null;
    readonly epoch: number | null;
    readonly findings: readonly { readonly rule: string; readonly site: string | null; readonly message: string }[];
  } | null;
  readonly lastDrill: { readonly at: number; readonly measured: MeasuredView | null } | null;
}

interface FailoverView {
  readonly id: string;
  readonly recovery: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly mode: string;
  readonly hash: string;
  readonly status: string;
  readonly approval: string;
  readonly overrides: readonly string[];
  readonly run: string | null;
  readonly phase: string | null;
  readonly loss: readonly { readonly data: string; readonly bytes: number | null }[];
  readonly exceptions: readonly { readonly rule: string; readonly reason: string }[];
  readonly broken: { readonly rule: string; readonly reason: string } | null;
  readonly measured: MeasuredView | null;
}
interface Made {
  readonly failover: FailoverView;
}

interface PlanFlags extends TargetFlags {
  readonly to: string;
  readonly ungraceful?: boolean;
  readonly override?: readonly string[];
}

export function addRecoveries(cluster: Command, io: Io): void {
  const recovery = commandGroup(
    cluster,
    "recovery",
    "Failover plans: two sites, and whether one could take the other's place",
  );
  addPlans(recovery, io);
  addCheck(recovery, io);
  const failover = commandGroup(
    cluster,
    "failover",
    "Failovers: planned, approved by somebody else, carried out as a run",
  );
  addPlanning(failover, io);
  addDeciding(failover, io);
  addDrill(cluster, io);
}

function addPlans(recovery: Command, io: Io): void {
  clientCommand(recovery, {
    name: "add",
    description: "Add a failover plan by its file, or read that anew",
    example: "sluice cluster recovery add recovery/shop.yaml",
  })
    .argument("<file>", "its file, in the folder of the project")
    .action(async (file: string, flags: TargetFlags) => {
      const path = relative(resolve(io.cwd, flags.project ?? "."), resolve(io.cwd, file));
      if (path.startsWith(".."))
        throw misused(`${file} is not in the folder of the project.`, "The server reads it there.");
      const body = { method: "POST", body: { file: path } } as const;
      const answer = await apiOf(io, flags).json<{ readonly recovery: RecoveryView }>("/api/v1/recoveries", body);
      const { name } = answer.recovery;
      const text = (): readonly string[] => [
        `Failover plan ${name} is known. Next: sluice cluster recovery check ${name}`,
      ];
      show(io, flags, { json: answer, text });
    });
  clientCommand(recovery, {
    name: "list",
    description: "The failover plans",
    example: "sluice cluster recovery list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly recoveries?: readonly RecoveryView[] }>("/api/v1/recoveries");
    const rows = (answer.recoveries ?? []).map(({ name, readiness, lastDrill }) => [
      name,
      readiness?.active ?? "-",
      readiness === null ? "not looked at" : readiness.ready ? "ready" : `${readiness.findings.length} in the way`,
      lastDrill === null ? "never" : time(lastDrill.at),
      ...figures(lastDrill?.measured ?? null),
    ]);
    const heads = ["NAME", "ACTIVE", "READY", "LAST DRILL", "RPO", "RTO"];
    show(io, flags, { json: answer, text: () => (rows.length === 0 ? ["No failover plans."] : table(heads, rows)) });
  });
}

function figures(measured: MeasuredView | null): readonly [string, string] {
  const shown = (ms: number | null | undefined): string => (ms === null || ms === undefined ? "-" : `${ms} ms`);
  return [shown(measured?.rpoMs), shown(measured?.rtoMs)];
}

function addCheck(recovery: Command, io: Io): void {
  clientCommand(recovery, {
    name: "check",
    description: "Whether a failover could be done now, and what is in its way; exits with 1 when something is",
    example: "sluice cluster recovery check shop",
  })
    .argument("<name>", "name of the failover plan")
    .option("--protect", "have the active site acknowledge nothing that the other one has not")
    .action(async (name: string, flags: TargetFlags & { readonly protect?: boolean }) => {
      const body = { method: "POST", body: { protect: flags.protect ?? false } } as const;
      const path = `/api/v1/recoveries/${segment(name)}/check`;
      const answer = await apiOf(io, flags).json<{ readonly recovery: RecoveryView }>(path, body);
      const { readiness } = answer.recovery;
      const findings = readiness?.findings ?? [];
      const lines = findings.map(
        ({ rule, site, message }) => `! ${rule}${site === null ? "" : ` (${site})`}: ${message}`,
      );
      const head = `${name}: ${readiness?.active ?? "no site"} is active in epoch ${readiness?.epoch ?? "-"}`;
      show(io, flags, { json: answer, text: () => [head, ...(lines.length === 0 ? ["Ready."] : lines)] });
      if (findings.length > 0) throw ended("not_ready", findings.map(({ rule }) => rule).join(", "));
    });
}

function addPlanning(failover: Command, io: Io): void {
  clientCommand(failover, {
    name: "plan",
    description: "Plan a failover or a failback; nothing is touched",
    example: "sluice cluster failover plan shop --to paris",
  })
    .argument("<name>", "name of the failover plan")
    .requiredOption("--to <site>", "site that is to be active")
    .option("--ungraceful", "the other site has failed; without it both are up and nothing may be lost")
    .option("--override <rule...>", "safety rules that are not to stop it, each by its name")
    .action(async (name: string, flags: PlanFlags) => {
      const answer = await planned(apiOf(io, flags), name, { ...bodyOf(flags), kind: "failover" });
      show(io, flags, { json: answer, text: () => shownPlan(answer.failover) });
    });
  clientCommand(failover, {
    name: "show",
    description: "One failover: how far it has come, and what came of it",
    example: "sluice cluster failover show fail_0123",
  })
    .argument("<failover>", "its id")
    .action(async (id: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<Made>(`/api/v1/failovers/${segment(id)}`);
      show(io, flags, { json: answer, text: () => shownEnd(answer.failover) });
    });
}

function bodyOf({ to, ungraceful, override }: PlanFlags): object {
  return {
    to,
    mode: ungraceful === true ? "ungraceful" : "graceful",
    ...(override === undefined ? {} : { overrides: override }),
  };
}

function planned(api: Api, name: string, body: object): Promise<Made> {
  return api.json<Made>(`/api/v1/recoveries/${segment(name)}/failovers`, { method: "POST", body });
}

function addDeciding(failover: Command, io: Io): void {
  clientCommand(failover, {
    name: "approve",
    description: "Approve a failover that somebody else has planned",
    example: "sluice cluster failover approve fail_0123",
  })
    .argument("<failover>", "its id")
    .option("--hash <hash>", "the hash that was looked at (default: that of the failover)")
    .option("--code <code>", "of your second factor, where you have one")
    .action(async (id: string, flags: TargetFlags & { readonly hash?: string; readonly code?: string }) => {
      const api = apiOf(io, flags);
      const hash = flags.hash ?? (await failoverOf(api, id)).hash;
      const body = { hash, ...(flags.code === undefined ? {} : { code: flags.code }) };
      const answer = await api.json<Made>(`/api/v1/failovers/${segment(id)}/approve`, { method: "POST", body });
      const text = (): readonly string[] => [`${id} is approved. Next: sluice cluster failover begin ${id}`];
      show(io, flags, { json: answer, text });
    });
  clientCommand(failover, {
    name: "begin",
    description: "Begin an approved failover and wait for its end; exits with 1 unless it completes",
    example: "sluice cluster failover begin fail_0123",
  })
    .argument("<failover>", "its id")
    .option("--break-glass <why>", "begin without the approval of somebody else; it has to be reviewed afterwards")
    .option("--code <code>", "of your second factor, where you have one and break the glass")
    .option("--no-wait", "do not wait for the end")
    .action(async (id: string, flags: BeginFlags) => {
      const api = apiOf(io, flags);
      await carriedOut(io, flags, { api, failover: await failoverOf(api, id) });
    });
  clientCommand(failover, {
    name: "review",
    description: "Say that you have looked at a failover that nobody else approved",
    example: "sluice cluster failover review fail_0123",
  })
    .argument("<failover>", "its id")
    .action(async (id: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<Made>(`/api/v1/failovers/${segment(id)}/review`, {
        method: "POST",
        body: {},
      });
      show(io, flags, { json: answer, text: () => [`${id} is reviewed.`] });
    });
}

interface BeginFlags extends TargetFlags {
  readonly breakGlass?: string;
  readonly code?: string;
  readonly wait: boolean;
}

async function failoverOf(api: Api, id: string): Promise<FailoverView> {
  return (await api.json<Made>(`/api/v1/failovers/${segment(id)}`)).failover;
}

async function carriedOut(
  io: Io,
  flags: BeginFlags,
  { api, failover }: { readonly api: Api; readonly failover: FailoverView },
): Promise<void> {
  const { breakGlass, code, wait } = flags;
  const more = { ...(breakGlass === undefined ? {} : { breakGlass }), ...(code === undefined ? {} : { code }) };
  const body = { method: "POST", body: { hash: failover.hash, ...more } } as const;
  const path = `/api/v1/failovers/${segment(failover.id)}`;
  const begun = await api.json<Made>(`${path}/begin`, body);
  const run = begun.failover.run ?? "";
  if (!wait) return show(io, flags, { json: begun, text: () => [`${failover.id} has begun as run ${run}.`] });
  await awaitEnd(api, run);
  const last = await api.json<Made>(path);
  show(io, flags, { json: last, text: () => shownEnd(last.failover) });
  const { status, broken } = last.failover;
  if (status !== "completed")
    throw ended("workflow_failed", broken === null ? status : `${broken.rule}: ${broken.reason}`);
}

function addDrill(cluster: Command, io: Io): void {
  clientCommand(cluster, {
    name: "drill",
    description: "Move the active site under a continuous writer and measure it; exits with 1 unless it completes",
    example: "sluice cluster drill shop --to paris",
  })
    .argument("<name>", "name of the failover plan")
    .requiredOption("--to <site>", "site that is to be active")
    .option("--no-wait", "do not wait for the end")
    .action(async (name: string, flags: BeginFlags & { readonly to: string }) => {
      const api = apiOf(io, flags);
      const { failover } = await planned(api, name, { ...bodyOf(flags), kind: "drill" });
      if (failover.status === "approved") return carriedOut(io, flags, { api, failover });
      show(io, flags, { json: { failover }, text: () => shownPlan(failover) });
    });
}

function shownPlan({ id, recovery, kind, from, to, mode, overrides, status, hash }: FailoverView): readonly string[] {
  const over = overrides.length === 0 ? [] : [`Not to stop it: ${overrides.join(", ")}`];
  const next = status === "approved" ? "begin" : "approve";
  const last = `Hash ${hash.slice(0, 12)}. Next: sluice cluster failover ${next} ${id}`;
  return [`${id}: ${kind} of ${recovery} from ${from} to ${to}, ${mode}`, ...over, last];
}

function shownEnd(failover: FailoverView): readonly string[] {
  const { id, status, phase, broken, exceptions, loss, measured, run } = failover;
  const lines = [
    `${id}: ${status}${status === "running" ? ` (${phase ?? "beginning"})` : ""}${run === null ? "" : `, run ${run}`}`,
  ];
  if (broken !== null) lines.push(`! ${broken.rule}: ${broken.reason}`);
  for (const { rule, reason } of exceptions) lines.push(`overridden ${rule}: ${reason}`);
  for (const { data, bytes } of loss) lines.push(`${data}: ${bytes ?? "an unknown number of"} bytes lost`);
  if (measured === null) return lines;
  const [rpo, rto] = figures(measured);
  return [
    ...lines,
    `measured: RPO ${rpo}, RTO ${rto}, ${measured.lost} of ${measured.acknowledged} acknowledged writes lost`,
  ];
}
