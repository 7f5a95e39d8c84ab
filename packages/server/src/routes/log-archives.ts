// Archives of logs: what stands in them, moving old days there and back, and reading all of it to see whether it is whole.
import { audited } from "@sluice/core/identity";
import type { Call } from "../call.ts";
import { optionalTextOf, refuse } from "../fields.ts";
import { deskOf } from "../logs/log-body.ts";
import { reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const dayShape = /^\d{4}-\d\d-\d\d$/;

export async function listLogArchives(call: Call): Promise<Response> {
  call.query().done();
  const { archive } = (await deskOf(call)).store;
  const days = (await archive.days()).map(({ day, batches }) => {
    const sum = (of: (batch: (typeof batches)[number]) => number): number =>
      batches.reduce((total, each) => total + of(each), 0);
    return {
      day,
      files: batches.length,
      entries: sum(({ entries }) => entries),
      bytes: sum(({ bytes }) => bytes),
      rawBytes: sum(({ rawBytes }) => rawBytes),
    };
  });
  return reply("json", 200, { days, failing: archive.failing ?? null });
}

export async function archiveLogs(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["before"]);
  const beforeDay = optionalTextOf(body, "before", 10);
  if (beforeDay !== undefined) checkDay(beforeDay);
  const { store } = await deskOf(call);
  return changing(call, { target: "logs:archive", after: { before: beforeDay ?? null } }, async () => {
    await store.seal();
    return { days: await store.archive.archive({ beforeDay }) };
  });
}

export async function restoreLogs(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["day"]);
  const day = optionalTextOf(body, "day", 10);
  if (day === undefined) return refuse("bad_request", "day is missing.", "A UTC day, such as 2026-01-31.");
  checkDay(day);
  const { store } = await deskOf(call);
  return changing(call, { target: `logs:${day}`, after: { restore: day } }, async () => ({
    entries: await store.archive.restore(day),
  }));
}

export async function verifyLogArchives(call: Call): Promise<Response> {
  await bodyOf(call, []);
  const { store } = await deskOf(call);
  call.mayIdle(archivingMsMax);
  return reply("json", 200, await store.archive.verify());
}

/** Days of many gigabytes take their time. */
const archivingMsMax = 3_600_000;

async function changing(
  call: Call,
  p: { readonly target: string; readonly after: object },
  action: () => Promise<object>,
): Promise<Response> {
  const { store, clock } = call.parts;
  call.mayIdle(archivingMsMax);
  const intent = { by: call.actor, action: "log:archive", target: p.target, after: JSON.stringify(p.after) };
  return reply("json", 200, await audited({ log: store.audit, clock }, intent, { action }));
}

function checkDay(day: string): void {
  if (!dayShape.test(day)) refuse("bad_request", `${day} is no day.`, "A UTC day, such as 2026-01-31.");
}
