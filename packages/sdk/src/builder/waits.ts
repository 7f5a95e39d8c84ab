// Waiting for somebody or something outside: a token that is answered, an event. What waits is noted where it can be listed.
import type { CallbackToken } from "../context.ts";
import { TimeoutError } from "../errors.ts";
import type { FlowPlace, FlowRun } from "./flow-run.ts";
import type { EventNode, HumanNode, PauseNode } from "./nodes.ts";
import type { CronflowContext } from "./types.ts";

/** Where notes about what waits are kept among the global values: this and the token. */
export const pausedKeyPrefix = "cronflow.paused/";
/** How long the note of an answered pause can be read. */
const answeredNoteTtl = "7 days";

/** What is known of a pause. */
export interface PausedNote {
  readonly token: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly stepId: string;
  readonly description: string | undefined;
  readonly metadata: unknown;
  readonly approvalUrl: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly status: "waiting" | "resumed" | "timeout";
  /** What it was answered with. */
  readonly payload: unknown;
  readonly lastStepOutput: unknown;
}

interface Pausing {
  readonly name: string;
  readonly path: string;
  readonly timeout?: string | number | undefined;
  readonly note: Pick<PausedNote, "description" | "metadata" | "approvalUrl">;
  readonly onPause: ((token: CallbackToken) => Promise<unknown>) | undefined;
}

type Answer =
  | { readonly timedOut: false; readonly token: string; readonly payload: unknown }
  | { readonly timedOut: true; readonly token: string };

/** Makes a token, tells whoever is to answer it, and waits. */
async function awaitAnswer(
  run: FlowRun,
  { name, path, timeout, note, onPause }: Pausing,
  { view }: FlowPlace,
): Promise<Answer> {
  const { ctx } = run;
  const limit = timeout === undefined ? {} : { timeout };
  const token = await ctx.token(`${path}${name}`, limit);
  view.token = token.token;
  const key = `${pausedKeyPrefix}${token.token}`;
  const { id: runId, workflow: workflowId } = ctx.run;
  const waiting: PausedNote = {
    token: token.token,
    workflowId,
    runId,
    stepId: `${path}${name}`,
    ...note,
    createdAt: ctx.now(),
    expiresAt: timeout === undefined ? undefined : ctx.now() + run.milliseconds(timeout),
    status: "waiting",
    payload: undefined,
    lastStepOutput: view.last,
  };
  await ctx.state.global.set(key, waiting);
  run.notePause(waiting);
  await onPause?.(token);
  const answer = await answerOf(run, token, limit);
  const status = answer.timedOut ? "timeout" : "resumed";
  const payload = answer.timedOut ? undefined : answer.payload;
  const answered: PausedNote = { ...waiting, status, payload };
  await ctx.state.global.set(key, answered, { ttl: answeredNoteTtl });
  run.notePause(answered);
  return answer;
}

async function answerOf(
  run: FlowRun,
  token: CallbackToken,
  limit: { readonly timeout?: string | number },
): Promise<Answer> {
  try {
    return { timedOut: false, token: token.token, payload: await token.wait(limit) };
  } catch (error) {
    if (!(error instanceof TimeoutError) || run.ctx.signal.aborted) throw error;
    return { timedOut: true, token: token.token };
  }
}

/** What somebody decided: the fields of the answer, in the shape of an approval. */
export async function runHuman(run: FlowRun, { name, human }: HumanNode, place: FlowPlace): Promise<unknown> {
  const { description, metadata, approvalUrl, timeout, onPause, onTimeout } = human;
  const told = async (token: CallbackToken): Promise<unknown> => {
    if (onPause === undefined) return undefined;
    // Written for one parameter, it is the token's.
    const tell = (c: CronflowContext): unknown =>
      onPause.length === 1
        ? (onPause as (token: string) => unknown)(token.token)
        : (onPause as (ctx: CronflowContext, token: string) => unknown)(c, token.token);
    return run.call(`${name}: onPause`, tellOnly(tell), { place, notes: { token: token.token } });
  };
  const note = { description, metadata, approvalUrl };
  const answer = await awaitAnswer(run, { name, path: place.path, timeout, note, onPause: told }, place);
  if (answer.timedOut) {
    if (onTimeout !== undefined) await run.call(`${name}: onTimeout`, tellOnly(onTimeout), { place });
    const { token } = answer;
    return { type: "human_approval", token, approved: false, status: "timeout", timedOut: true, metadata };
  }
  return approvalOf(run, answer, metadata);
}

function approvalOf(
  run: FlowRun,
  { token, payload }: { readonly token: string; readonly payload: unknown },
  metadata: unknown,
): unknown {
  const fields = typeof payload === "object" && payload !== null && !Array.isArray(payload) ? payload : {};
  const { approved, reason, approvedBy, approvedAt } = fields as Record<string, unknown>;
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...fields,
    type: "human_approval",
    token,
    approved: approved === undefined ? Boolean(payload) : Boolean(approved),
    reason,
    approvedBy,
    approvedAt: approvedAt ?? new Date(run.ctx.now()).toISOString(),
    status: "resumed",
    timedOut: false,
    resumePayload: payload,
  };
}

export async function runPause(run: FlowRun, { name, callback }: PauseNode, place: FlowPlace): Promise<unknown> {
  const told = (token: CallbackToken): Promise<unknown> =>
    callback === undefined
      ? Promise.resolve()
      : run.call(
          `${name}: callback`,
          tellOnly((c) => callback(c, token.token)),
          { place, notes: { token: token.token } },
        );
  const note = { description: undefined, metadata: undefined, approvalUrl: undefined };
  const answer = await awaitAnswer(run, { name, path: place.path, note, onPause: told }, place);
  return answer.timedOut ? undefined : answer.payload;
}

export function runEvent(run: FlowRun, { event, timeout }: EventNode): Promise<unknown> {
  return run.ctx.waitFor(event, timeout === undefined ? {} : { timeout });
}

/** Who is told may return anything; none of it is kept. */
function tellOnly(tell: (ctx: CronflowContext) => unknown): (ctx: CronflowContext) => Promise<void> {
  return async (c) => {
    await tell(c);
  };
}
