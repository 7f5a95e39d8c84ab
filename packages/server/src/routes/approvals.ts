// Approvals: what waits for somebody's decision, and the decision. A token in a URL is the permission to decide.
import { unwrap } from "@sluice/core";
import type { TokenRecord } from "@sluice/core";
import { decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { booleanOf, fieldsOf, optionalTextOf, refuse } from "../fields.ts";
import { omittedValue, showApproval } from "../show.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

const reasonCharsMax = 4_096;

export async function listApprovals(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const run = query.text("run");
  const after = placeOf(query.text("cursor"));
  query.done();
  const { engine, wire } = call;
  const access = call.access("approval:read");
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
      if (!call.may("approval:decide", token.workflow)) shown["token"] = null;
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
  throw new SluiceError({
    code: "token_unknown",
    message: "There is no such approval token.",
    hint: "Check that the URL is complete.",
  });
}

export async function getApproval(call: Call): Promise<Response> {
  call.query().done();
  const token = await approvalOf(call);
  return reply(call.wire, 200, { approval: await showApproval(call.engine, call.wire, token) });
}

export async function decideApproval(call: Call): Promise<Response> {
  call.query().done();
  const body = await call.body();
  const fields = fieldsOf(body.content, ["approved", "reason", "payload"]);
  const approved = booleanOf(fields, "approved");
  const reason = optionalTextOf(fields, "reason", reasonCharsMax);
  const payload = fields["payload"] === undefined ? {} : { payload: decodeValue(valueField(body, "payload")) };
  const decision = {
    approved,
    by: call.actor.id,
    at: call.parts.clock.now(),
    ...(reason === undefined ? {} : { reason }),
    ...payload,
  };
  const { run } = unwrap(
    await call.engine.completeToken({
      by: call.actor,
      token: call.param(0),
      kind: "approval",
      value: encodeValue(decision),
    }),
  );
  return reply("json", 200, { runId: run });
}
