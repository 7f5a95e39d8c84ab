// ctx.approve of people in particular: a race between their decision and the time, around links, words to them, reminders and
// escalation. All of it is made of journaled calls; the engine knows only links.
import { approvalTermsBytesMax, encodeValue, parseDuration, SluiceError } from "@sluice/protocol";
import type { ApprovalDecision, ApprovalTerms } from "@sluice/protocol";
import { DeniedError, TimeoutError, toJsonSchema, validateWithSchema } from "@sluice/sdk";
import type { Approval, ApprovalRequest, ApproveOptions, ApproverDecision, Context } from "@sluice/sdk";
import type { ApprovalLinks } from "./approval-calls.ts";
import { never } from "./caller.ts";

/** Approvers of one approval, those it is escalated to included. */
const approversMax = 100;
/** Times that one place among the approvers is asked anew: handed on, or filled in wrongly. */
const asksMax = 20;
const remindersMax = 1_000;
const remindersDefault = 10;

/** What an approval needs of the run around it. */
export interface Asking {
  readonly ctx: Context;
  /** Base of the links, without a trailing slash. */
  readonly url: string;
  /** A new name for the tokens of one approval, the same on replay. */
  readonly group: () => string;
  /** The place that the next call takes. */
  readonly nextSeq: () => number;
  /** Says at which call of the run this error came about. */
  readonly blame: (error: unknown, seq: number) => void;
  /** The calls behind links, in the scope of a context. */
  readonly linksOf: (ctx: Context) => ApprovalLinks;
}

/** Whether these options ask for more than one answer of whoever comes. */
export function asksSomebody(options: ApproveOptions): boolean {
  const { approvers, need, form, notify, remind, escalate, notRequester, linkExpires } = options;
  return [approvers, need, form, notify, remind, escalate, notRequester, linkExpires].some(
    (each) => each !== undefined,
  );
}

/** Resolves to the approval, rejects with a denial or the end of the time. */
export async function approveTogether(asking: Asking, name: string, options: ApproveOptions): Promise<unknown> {
  const plan = planOf(asking, name, options);
  const tally = new Tally(plan);
  // A retry asks for the outcome again and finds the same: had it another entry for the cause, what came after would not fit.
  const race = asking.nextSeq();
  tally.result.catch((error: unknown) => asking.blame(error, race));
  const settled = await asking.ctx.race({
    decision: () => tally.result,
    work: (ctx) => new Work(plan, tally, ctx).done,
    ...(plan.timeoutMs === undefined
      ? {}
      : { timeout: (ctx) => ctx.sleep(`${name}: time limit`, plan.timeoutMs ?? 0) }),
  });
  if (settled.winner === "decision") return settled.value;
  if ("onTimeout" in options) return options.onTimeout;
  const late = new TimeoutError(`Approval ${name} took too long.`);
  asking.blame(late, race);
  throw late;
}

interface Plan {
  readonly asking: Asking;
  readonly name: string;
  readonly options: ApproveOptions;
  readonly approvers: readonly (string | undefined)[];
  readonly need: number;
  readonly terms: ApprovalTerms;
  readonly timeoutMs: number | undefined;
  /** When it began; milliseconds since 1970. */
  readonly begunAt: number;
}

function planOf(asking: Asking, name: string, options: ApproveOptions): Plan {
  const { timeout, linkExpires, form, notRequester, delegable = true } = options;
  const approvers = approversOf(name, options);
  const need = needOf(name, options, approvers.length);
  const begunAt = asking.ctx.now();
  const shape = form === undefined ? undefined : toJsonSchema(form);
  const terms: ApprovalTerms = {
    group: asking.group(),
    need,
    of: approvers.length,
    delegable,
    ...(notRequester === true ? { notRequester } : {}),
    ...(shape === undefined ? {} : { form: shape }),
    ...(linkExpires === undefined ? {} : { linkUntil: begunAt + parseDuration(linkExpires) }),
  };
  if (encodeValue(terms).length > approvalTermsBytesMax) {
    throw unusable(name, `its form is larger than ${approvalTermsBytesMax} bytes of JSON Schema.`);
  }
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  return { asking, name, options, approvers, need, terms, timeoutMs, begunAt };
}

function approversOf(name: string, { approvers, escalate }: ApproveOptions): readonly (string | undefined)[] {
  if (approvers?.length === 0) throw unusable(name, "it has an empty list of approvers.");
  const asked = approvers ?? [];
  const all = [...asked, ...(escalate?.to ?? [])];
  if (all.length > approversMax) throw unusable(name, `it asks more than ${approversMax} approvers.`);
  if (all.some((each) => typeof each !== "string" || each.trim() === "")) {
    throw unusable(name, "an approver has no name.");
  }
  return approvers === undefined ? [undefined] : asked;
}

function needOf(name: string, { need = "any" }: ApproveOptions, approvers: number): number {
  const wanted = need === "any" ? 1 : need === "all" ? approvers : need;
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= approvers) return wanted;
  throw unusable(name, `it needs ${String(need)} approvals of ${approvers} who are asked.`);
}

function unusable(name: string, why: string): SluiceError {
  return new SluiceError({
    code: "bad_request",
    message: `ctx.approve ${name} cannot ask anybody: ${why}`,
    hint: "See the options of ctx.approve in the documentation.",
  });
}

/** Counts decisions until they are enough, one way or the other. */
class Tally {
  readonly result: Promise<Approval>;
  readonly #plan: Plan;
  readonly #made: ApproverDecision[] = [];
  #resolve: (approval: Approval) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  add(decision: ApproverDecision, alone: boolean): void {
    this.#made.push(decision);
    if (decision.approved ? alone || this.#count(true) >= this.#plan.need : alone || this.#isDenied()) {
      this.#end(decision);
    }
  }

  #isDenied(): boolean {
    const { options, need, approvers } = this.#plan;
    return options.denial === "outvoted" ? approvers.length - this.#count(false) < need : true;
  }

  #count(approved: boolean): number {
    return this.#made.filter((each) => each.approved === approved).length;
  }

  #end(last: ApproverDecision): void {
    const { approver: _approver, ...decision } = last;
    const decisions = [...this.#made];
    if (decision.approved) this.#resolve({ ...decision, approved: true, decisions });
    else this.#reject(new DeniedError(last.reason ?? `${this.#plan.name} was denied.`, { ...decision, decisions }));
  }
}

/** Somebody who is asked, and the link they have at the moment. */
interface Place {
  readonly escalated: boolean;
  approver: string | undefined;
  token: string | undefined;
}

/** Everything durable that goes on until there is a decision. Never done; fails when somebody cannot be told. */
class Work {
  readonly done: Promise<never>;
  readonly #plan: Plan;
  readonly #tally: Tally;
  readonly #ctx: Context;
  readonly #links: ApprovalLinks;
  readonly #places: Place[] = [];

  constructor(plan: Plan, tally: Tally, ctx: Context) {
    this.#plan = plan;
    this.#tally = tally;
    this.#ctx = ctx;
    this.#links = plan.asking.linksOf(ctx);
    const places = plan.approvers.map((approver) => this.#ask({ approver, escalated: false, token: undefined }));
    this.done = Promise.all([...places, this.#remind(), this.#escalate()]).then(never);
  }

  async #ask(place: Place): Promise<unknown> {
    this.#places.push(place);
    let why: ApprovalRequest["why"] = place.escalated ? "escalated" : "asked";
    let delegatedBy: string | undefined;
    let problem: string | undefined;
    for (let asks = 0; asks < asksMax; asks++) {
      const { name, approver } = { name: nameOf(this.#plan.name, place.approver), approver: place.approver };
      place.token = await this.#links.make(
        this.#link(name, { approver, delegatedBy, escalated: place.escalated, problem }),
      );
      const told = this.#tell(place, { why, delegatedBy });
      // What cannot be told is the end of it, whether or not somebody decides meanwhile.
      const decision = await Promise.race([this.#links.decision(name, place.token), told.then(never)]);
      place.token = undefined;
      if (decision === undefined) return never();
      if (decision.delegatedTo !== undefined) {
        [why, delegatedBy, problem] = ["delegated", approver ?? decision.by, undefined];
        place.approver = decision.delegatedTo;
        continue;
      }
      const checked = await this.#filledIn(decision);
      if (typeof checked !== "string") {
        this.#tally.add({ ...checked, approver }, place.escalated);
        return never();
      }
      problem = checked;
    }
    throw unusable(this.#plan.name, `it was asked ${asksMax} times in one place without a decision.`);
  }

  #link(name: string, more: Partial<ApprovalTerms>): Parameters<ApprovalLinks["make"]>[0] {
    const { terms, timeoutMs, begunAt, options, name: title } = this.#plan;
    const left = timeoutMs === undefined ? undefined : Math.max(0, begunAt + timeoutMs - this.#ctx.now());
    const given = Object.fromEntries(
      Object.entries(more).filter(([, value]) => value !== undefined && value !== false),
    );
    const { description, data } = options;
    return { name, title, terms: { ...terms, ...given }, timeoutMs: left, description, data };
  }

  /** What the form made of the payload; a sentence when it is not filled in as the schema wants it. */
  async #filledIn(decision: ApprovalDecision): Promise<Omit<ApproverDecision, "approver"> | string> {
    const { approved, by, at, reason, payload } = decision;
    const plain = { approved, by, at, ...(reason === undefined ? {} : { reason }) };
    const { form } = this.#plan.options;
    if (form === undefined || !approved) return payload === undefined ? plain : { ...plain, payload };
    const result = await validateWithSchema(form, payload ?? {});
    if (result.ok) return { ...plain, payload: result.value };
    return result.issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
  }

  async #tell(
    place: Place,
    { why, delegatedBy, reminder = 0 }: Pick<ApprovalRequest, "why" | "delegatedBy"> & { readonly reminder?: number },
  ): Promise<void> {
    const { options, name, asking } = this.#plan;
    const { approver, token } = place;
    if (options.notify === undefined || token === undefined) return;
    const url = `${asking.url}/approve/${token}`;
    const { description, data } = options;
    await options.notify({ why, name, approver, url, token, description, data, reminder, delegatedBy }, this.#ctx);
  }

  async #remind(): Promise<unknown> {
    const { remind } = this.#plan.options;
    if (remind === undefined) return never();
    const times = Math.min(remind.times ?? remindersDefault, remindersMax);
    for (let reminder = 1; reminder <= times; reminder++) {
      await this.#ctx.sleep(`${this.#plan.name}: reminder`, remind.every);
      const waiting = this.#places.filter(({ token }) => token !== undefined);
      await Promise.all(
        waiting.map((place) => this.#tell(place, { why: "reminder", delegatedBy: undefined, reminder })),
      );
    }
    return never();
  }

  async #escalate(): Promise<unknown> {
    const { escalate } = this.#plan.options;
    if (escalate === undefined) return never();
    await this.#ctx.sleep(`${this.#plan.name}: escalation`, escalate.after);
    return Promise.all(escalate.to.map((approver) => this.#ask({ approver, escalated: true, token: undefined })));
  }
}

function nameOf(approval: string, approver: string | undefined): string {
  return approver === undefined ? approval : `${approval}: ${approver}`;
}
