// Recoveries: failover plans and how ready they are, and the failovers and drills that carry them out.
import { unwrap } from "@sluice/core";
import type { FailoverRecord, RecoveryRecord } from "@sluice/core";
import type { Measured, Readiness, Recoveries, RecoverySpec, State } from "@sluice/core/cluster";
import { decodeValue, safetyRules, SluiceError } from "@sluice/protocol";
import type { SafetyRule } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { optionalTextOf, optionalTextsOf, quoted, refuse, textOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { clustersIn } from "./clusters.ts";
import { personOf } from "./plans.ts";
import { bodyOf } from "./sign-in.ts";

const listedMax = 50;
const pathCharsMax = 1_024;
const nameCharsMax = 63;
const hashCharsMax = 128;
const codeCharsMax = 64;
const reasonCharsMax = 1_000;

async function recoveriesIn(call: Call): Promise<Recoveries> {
  const { recoveries } = await clustersIn(call);
  if (recoveries !== undefined) return recoveries;
  const hint = "Ask one that was started with sluice up.";
  throw new SluiceError({ code: "unavailable", message: "This server has no failover plans.", hint });
}

async function recoveryOf(call: Call): Promise<RecoveryRecord> {
  const name = call.param(0);
  const found = await call.parts.store.clusters.getRecovery({ name });
  if (found !== undefined) return found;
  const hint = "sluice cluster recovery list shows what there is.";
  throw new SluiceError({ code: "recovery_not_found", message: `There is no failover plan ${quoted(name)}.`, hint });
}

async function failoverOf(call: Call): Promise<FailoverRecord> {
  const failover = call.param(0);
  const found = await call.parts.store.clusters.getFailover({ failover });
  if (found !== undefined) return found;
  const hint = "sluice cluster failover plan NAME --to SITE makes one.";
  throw new SluiceError({ code: "failover_not_found", message: `There is no failover ${quoted(failover)}.`, hint });
}

export async function listRecoveries(call: Call): Promise<Response> {
  call.query().done();
  const recoveries = await call.parts.store.clusters.listRecoveries();
  return reply("json", 200, { recoveries: await Promise.all(recoveries.map((each) => shownRecovery(call, each))) });
}

export async function addRecovery(call: Call): Promise<Response> {
  const file = textOf(await bodyOf(call, ["file"]), "file", pathCharsMax);
  const recovery = unwrap(await (await recoveriesIn(call)).add({ by: call.actor, file }));
  return reply("json", 200, { recovery: await shownRecovery(call, recovery) });
}

export async function getRecovery(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { recovery: await shownRecovery(call, await recoveryOf(call)) });
}

export async function checkRecovery(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["protect"]);
  const protect = body["protect"] ?? false;
  if (typeof protect !== "boolean") refuse("bad_request", "protect is no boolean.", "true or false.");
  const { name } = await recoveryOf(call);
  const recovery = unwrap(await (await recoveriesIn(call)).check({ recovery: name, protect }));
  return reply("json", 200, { recovery: await shownRecovery(call, recovery) });
}

export async function listFailovers(call: Call): Promise<Response> {
  call.query().done();
  const { name } = await recoveryOf(call);
  const failovers = await call.parts.store.clusters.listFailovers({ recovery: name, limit: listedMax });
  return reply("json", 200, { failovers: failovers.map(shownFailover) });
}

export async function createFailover(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["to", "mode", "kind", "overrides"]);
  const { name } = await recoveryOf(call);
  const to = textOf(body, "to", nameCharsMax);
  const kind = wordOf(body, "kind", ["failover", "drill"]);
  const mode = wordOf(body, "mode", ["graceful", "ungraceful"]);
  const overrides = rulesOf(optionalTextsOf(body, "overrides", { items: safetyRules.length, chars: nameCharsMax }));
  const asked = { by: call.actor, person: personOf(call), recovery: name, to, kind, mode, overrides };
  const failover = unwrap(await (await recoveriesIn(call)).plan(asked));
  return reply("json", 201, { failover: shownFailover(failover) });
}

export async function getFailover(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { failover: shownFailover(await failoverOf(call)) });
}

export async function approveFailover(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["hash", "code"]);
  const hash = textOf(body, "hash", hashCharsMax);
  const { id } = await failoverOf(call);
  await proven(call, body);
  const asked = { by: call.actor, person: personOf(call), failover: id, hash };
  const failover = unwrap(await (await recoveriesIn(call)).approve(asked));
  return reply("json", 200, { failover: shownFailover(failover) });
}

export async function beginFailover(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["hash", "breakGlass", "code"]);
  const hash = textOf(body, "hash", hashCharsMax);
  const breakGlass = optionalTextOf(body, "breakGlass", reasonCharsMax);
  const { id } = await failoverOf(call);
  // Without the approval of somebody else, whoever begins it shows who they are as an approver would.
  if (breakGlass !== undefined) await proven(call, body);
  const failover = unwrap(await (await recoveriesIn(call)).begin({ by: call.actor, failover: id, hash, breakGlass }));
  return reply("json", 201, { failover: shownFailover(failover) });
}

export async function reviewFailover(call: Call): Promise<Response> {
  await bodyOf(call, []);
  const { id } = await failoverOf(call);
  const asked = { by: call.actor, person: personOf(call), failover: id };
  const failover = unwrap(await (await recoveriesIn(call)).review(asked));
  return reply("json", 200, { failover: shownFailover(failover) });
}

async function proven(call: Call, body: Readonly<Record<string, unknown>>): Promise<void> {
  const code = optionalTextOf(body, "code", codeCharsMax);
  const { principal, caller } = call;
  unwrap(await call.parts.identity.account.proveSecondFactor(principal, { code, caller }));
}

/** One of two words; the first where nothing is said. */
function wordOf<Word extends string>(
  body: Readonly<Record<string, unknown>>,
  key: string,
  words: readonly [Word, Word],
): Word {
  const said = optionalTextOf(body, key, nameCharsMax) ?? words[0];
  const word = words.find((each) => each === said);
  return word ?? refuse("bad_request", `${key} cannot be ${quoted(said)}.`, words.join(" or "));
}

function rulesOf(names: readonly string[] | undefined): readonly SafetyRule[] {
  return (names ?? []).map((name) => {
    const rule = safetyRules.find((each) => each === name);
    return rule ?? refuse("bad_request", `There is no safety rule ${quoted(name)}.`, safetyRules.join(", "));
  });
}

async function shownRecovery(call: Call, recovery: RecoveryRecord): Promise<object> {
  const { name, file, failover, drill } = recovery;
  const { sites, approval } = decodeValue(recovery.spec) as RecoverySpec;
  const readiness = recovery.readiness === undefined ? null : (decodeValue(recovery.readiness) as Readiness);
  const last = drill === undefined ? undefined : await call.parts.store.clusters.getFailover({ failover: drill });
  const lastDrill = last?.endedAt === undefined ? null : { id: last.id, at: last.endedAt, measured: measuredIn(last) };
  return { name, file, sites, approval, readiness, lastDrill, failover: failover ?? null };
}

function measuredIn({ measured }: FailoverRecord): Measured | null {
  return measured === undefined ? null : (decodeValue(measured) as Measured);
}

function shownFailover(failover: FailoverRecord): object {
  const { id, recovery, kind, from, to, mode, before, overrides, hash, status, person, approval } = failover;
  const { createdAt, expiresAt, approvedBy, breakGlass, reviewedBy, startedAt, endedAt, run } = failover;
  const state = failover.state === undefined ? undefined : (decodeValue(failover.state) as State);
  const loss = (state?.loss ?? []).map((each) => ({ ...each, bytes: each.bytes ?? null }));
  return {
    id,
    recovery,
    kind,
    from,
    to,
    mode,
    before,
    overrides,
    hash,
    status,
    approval,
    createdAt,
    expiresAt,
    loss,
    requestedBy: person,
    approvedBy: approvedBy ?? null,
    breakGlass: breakGlass ?? null,
    reviewedBy: reviewedBy ?? null,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
    run: run ?? null,
    phase: state?.phase ?? null,
    epoch: state?.epoch ?? null,
    proofs: state?.proofs ?? {},
    exceptions: state?.exceptions ?? [],
    broken: state?.broken ?? null,
    measured: measuredIn(failover),
  };
}
