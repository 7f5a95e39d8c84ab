// Completing a token from outside: once, and only while it is open.
import type { RunStore, TokenOutcome } from "../../kernel/run-store.ts";
import { Change } from "./change.ts";
import { nothing, runFlags } from "./run-row.ts";
import type { Tables } from "./tables.ts";

type Params = Parameters<RunStore["completeToken"]>[0];

export function completeToken(t: Tables, p: Params): TokenOutcome {
  const token = t.tokens.get(p.token);
  if (token === undefined || token.kind !== p.kind) return { outcome: "unknown" };
  if (token.status !== "open") return { outcome: token.status };
  if (token.expiresAt !== null && token.expiresAt <= p.now) {
    t.tokens.expire(p.token);
    return { outcome: "expired" };
  }
  const { group } = token;
  if (p.person !== undefined && group !== null && t.tokens.hasDecided({ run: token.run, group, person: p.person })) {
    return { outcome: "decided" };
  }
  const cx = new Change(t, p.now);
  t.tokens.use(p.token, p);
  const to = { failed: p.error !== undefined, bytes: p.error ?? p.value ?? nothing };
  const run = t.runs.get(token.run);
  if (run !== undefined && t.blobs.note(run.id, to.bytes)) t.runs.mark(run, runFlags.blobs);
  for (const wait of t.waits.on(p.token, p.kind)) cx.settleWait(wait, to);
  return { outcome: "ok", run: token.run, effects: cx.effects() };
}
