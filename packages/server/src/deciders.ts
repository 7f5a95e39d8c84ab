// Who decides an approval: the person behind a session or a token, and whoever started the run it belongs to.
import type { Actor, Decider } from "@sluice/core";
import type { Call } from "./call.ts";

/** Runs between a child and the run that somebody started. */
const parentsMax = 100;

/** Reached without a person to be told apart: the machine's own operator, and everybody where nobody has to sign in. */
const operators: ReadonlySet<string> = new Set(["none", "local", "bootstrap"]);

export async function deciderOf(call: Call): Promise<Decider> {
  const { known } = call;
  const user = known?.user;
  const record = user === undefined ? undefined : await call.parts.store.identity.getUser({ user: user.id });
  return {
    by: call.actor,
    operator: known !== undefined && operators.has(known.kind),
    requester: (run) => requesterOf(call, run),
    ...(record === undefined ? {} : { person: { id: record.id, name: record.name, roles: record.roles } }),
  };
}

/** The person who started a run, or the run that it is a child of. */
async function requesterOf(call: Call, run: string): Promise<string | undefined> {
  const { store } = call.parts;
  let id = run;
  for (let parents = 0; parents < parentsMax; parents++) {
    const record = await store.getRun({ run: id });
    if (record === undefined) return undefined;
    if (record.by.kind !== "run") return personOf(call, record.by);
    id = record.by.id;
  }
  return undefined;
}

async function personOf(call: Call, by: Actor): Promise<string | undefined> {
  if (by.kind === "user") return by.id;
  if (by.kind !== "token") return undefined;
  return (await call.parts.store.identity.getToken({ token: by.id }))?.owner;
}
