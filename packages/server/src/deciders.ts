// Who decides an approval: the person behind a session or a token, and whoever started the run it belongs to.
import type { Actor, Decider } from "@sluice/core";
import type { Call } from "./call.ts";

/** Runs between a child and the run that somebody started. */
const parentsMax = 1_000;

/** Reached without a person to be told apart: the machine's own operator, and everybody where nobody has to sign in. */
const operators: ReadonlySet<string> = new Set(["none", "local", "bootstrap"]);

/** `workflow`: of what is decided. A token is its owner only where it was made to decide: it is never more than its scope. */
export async function deciderOf(call: Call, workflow?: string): Promise<Decider> {
  const { known } = call;
  const acts = workflow === undefined || known?.kind !== "token" || known.allows("approval:decide", workflow);
  const user = acts ? known?.user : undefined;
  const record = user === undefined ? undefined : await call.parts.store.identity.getUser({ user: user.id });
  return {
    by: call.actor,
    operator: known !== undefined && operators.has(known.kind),
    requester: (run) => requesterOf(call, run),
    ...(record === undefined ? {} : { person: { id: record.id, name: record.name, roles: record.roles } }),
  };
}

/** The person who started a run, or the run that it is a child of; null where that cannot be found out any more. */
async function requesterOf(call: Call, run: string): Promise<string | undefined | null> {
  const { store } = call.parts;
  let id = run;
  for (let parents = 0; parents < parentsMax; parents++) {
    const record = await store.getRun({ run: id });
    if (record === undefined) return null;
    if (record.by.kind !== "run") return personOf(call, record.by);
    id = record.by.id;
  }
  return null;
}

async function personOf(call: Call, by: Actor): Promise<string | undefined | null> {
  if (by.kind === "user") return by.id;
  if (by.kind !== "token" || by.id === "bootstrap") return undefined;
  const token = await call.parts.store.identity.getToken({ token: by.id });
  return token === undefined ? null : token.owner;
}
