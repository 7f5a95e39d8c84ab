// Approvals: what waits for somebody's decision, and the decision. A token in a URL is the permission to decide.
import { isFor, termsOf, tokenRefusal, unwrap } from "@sluice/core";
import type { TokenRecord } from "@sluice/core";
import { decodeValue, SluiceError } from "@sluice/protocol";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { deciderOf } from "../deciders.ts";
import { booleanOf, fieldsOf, optionalTextOf, refuse, textOf } from "../fields.ts";
import { omittedValue, showApproval } from "../show.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

const reasonCharsMax = 4_096;
const commentCharsMax = 4_096;
const approverCharsMax = 256;

export async function listApprovals(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const run = query.text("run");
  const after = placeOf(query.text("cursor"));
  query.done();
  const { engine, wire } = call;
  const access = call.access("approval:read");
  const decider = await deciderOf(call);
  const tokens = await engine.store.listTokens({
    kind: "approval",
    status: "open",
    limit: limit + 1,
    run,
    after,
    access,
  });
  const page = tokens.slice(0, limit);
  const last = tokens.length > limit ? page.at(-1) : undefined;
  const approvals = await Promise.all(
    page.map(async (token) => {
      const large = engine.values.isRef(token.data);
      const shown = await showApproval(engine, wire, large ? { ...token, data: omittedValue } : token);
      // Whoever has the token decides: it is for those who may.
      if (!call.may("approval:decide", token.workflow) || !isFor(termsOf(token), decider)) shown["token"] = null;
      return large ? { ...shown, omitted: ["data"] } : shown;
    }),
  );
  const nextCursor = last === undefined ? null : `${last.createdAt}.${last.seq}.${last.run}`;
  return reply(wire, 200, { approvals, nextCursor });
}

/** The place that a cursor names. It is not the token's: whoever has that decides. */
function placeOf(cursor: string | undefined): Pick<TokenRecord, "createdAt" | "run" | "seq"> | undefined {
  if (cursor === undefined) return undefined;
  const [, createdAt, seq, run] = /^(\d{1,15})\.(-?\d{1,15})\.(.+)$/.exec(cursor) ?? [];
  if (run === undefined) {
    return refuse("invalid_filter", "The cursor is not one of this list.", "Pass nextCursor of the page before.");
  }
  return { createdAt: Number(createdAt), seq: Number(seq), run };
}

async function approvalOf(call: Call): Promise<TokenRecord> {
  const token = await call.engine.store.getToken({ token: call.param(0) });
  if (token?.kind === "approval") return token;
  throw new SluiceError(tokenRefusal("unknown", "approval"));
}

/** Throws `link_expired` for a link that is not enough by itself any more, to whoever brings nothing else. */
async function mustBeGood(call: Call, token: TokenRecord): Promise<void> {
  if (call.known?.allows("approval:read", token.workflow) === true) return;
  const decider = await deciderOf(call, token.workflow);
  unwrap(call.engine.approvals.linkIsGood({ terms: termsOf(token), decider }));
}

export async function getApproval(call: Call): Promise<Response> {
  call.query().done();
  const token = await approvalOf(call);
  await mustBeGood(call, token);
  const [approval, comments] = await Promise.all([
    showApproval(call.engine, call.wire, token),
    call.engine.approvals.comments(token.token),
  ]);
  const shown = comments.map(({ no, by, at, text }) => ({ no, by: by.origin?.name ?? by.id, at, text }));
  return reply(call.wire, 200, { approval: { ...approval, comments: shown } });
}

export async function decideApproval(call: Call): Promise<Response> {
  call.query().done();
  const body = await call.body();
  const fields = fieldsOf(body.content, ["approved", "reason", "payload"]);
  const approved = booleanOf(fields, "approved");
  const reason = optionalTextOf(fields, "reason", reasonCharsMax);
  const payload = fields["payload"] === undefined ? undefined : decodeValue(valueField(body, "payload"));
  const decider = await deciderOf(call, (await approvalOf(call)).workflow);
  const decided = await call.engine.approvals.decide({ decider, token: call.param(0), approved, reason, payload });
  return reply("json", 200, { runId: unwrap(decided).run });
}

export async function delegateApproval(call: Call): Promise<Response> {
  call.query().done();
  const body = await call.body();
  const fields = fieldsOf(body.content, ["to", "reason"]);
  const to = textOf(fields, "to", approverCharsMax).trim();
  if (to === "") refuse("bad_request", "Nobody is named in to.", "Name `user:NAME`, `role:NAME` or an address.");
  const reason = optionalTextOf(fields, "reason", reasonCharsMax);
  const decider = await deciderOf(call, (await approvalOf(call)).workflow);
  const handedOn = await call.engine.approvals.delegate({ decider, token: call.param(0), to, reason });
  return reply("json", 200, { runId: unwrap(handedOn).run });
}

export async function commentApproval(call: Call): Promise<Response> {
  call.query().done();
  const body = await call.body();
  const text = textOf(fieldsOf(body.content, ["text"]), "text", commentCharsMax);
  await mustBeGood(call, await approvalOf(call));
  const written = await call.engine.approvals.comment({ by: call.actor, token: call.param(0), text });
  return reply("json", 201, { no: unwrap(written).no });
}
