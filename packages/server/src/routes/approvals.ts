// Approvals: what waits for somebody's decision, and the decision. A token in a URL is the permission to decide.
import { unwrap } from "@sluice/core";
import type { TokenRecord } from "@sluice/core";
import { decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { booleanOf, fieldsOf, optionalTextOf } from "../fields.ts";
import { omittedValue, showApproval } from "../show.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";

const reasonCharsMax = 4_096;

export async function listApprovals(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const run = query.text("run");
  query.done();
  const { engine, wire } = call;
  const access = call.access("approval:read");
  const tokens = await engine.store.listTokens({ kind: "approval", status: "open", limit, run, access });
  const approvals = await Promise.all(
    tokens.map(async (token) => {
      const large = engine.values.isRef(token.data);
      const shown = await showApproval(engine, wire, large ? { ...token, data: omittedValue } : token);
      // Whoever has the token decides: it is for those who may.
      if (!call.may("approval:decide", token.workflow)) shown["token"] = null;
      return large ? { ...shown, omitted: ["data"] } : shown;
    }),
  );
  return reply(wire, 200, { approvals });
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
