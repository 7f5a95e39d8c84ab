// Approvals from outside: who may decide, with what, once; handing the decision on; and what people write beside it.
import { approverOf, decodeValue, encodeValue } from "@sluice/protocol";
import type { ApprovalDecision, ApprovalTerms, WireError } from "@sluice/protocol";
import { attempt, fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor, ApprovalComment, TokenRecord } from "../kernel/run-store.ts";
import { validateJsonSchema } from "./json-schema.ts";
import type { EngineParts } from "./parts.ts";
import type { Signals } from "./signals.ts";
import { tokenRefusal } from "./token-refusals.ts";

/** Whoever decides, as far as the edge knows them. */
export interface Decider {
  readonly by: Actor;
  /** Somebody who signed in, or owns the token they came with. */
  readonly person?: { readonly id: string; readonly name: string; readonly roles: readonly string[] } | undefined;
  /** Whoever has the machine, or nobody is told apart at all: every decision is theirs. */
  readonly operator: boolean;
  /** Who started the run, as a person; null where that is not known any more. Asked only where it matters. */
  readonly requester: (run: string) => Promise<string | undefined | null>;
}

export interface Deciding {
  readonly decider: Decider;
  readonly token: string;
  readonly approved: boolean;
  readonly reason?: string | undefined;
  /** Decoded. */
  readonly payload?: unknown;
}

export interface Delegating {
  readonly decider: Decider;
  readonly token: string;
  /** The approver who is asked instead. */
  readonly to: string;
  readonly reason?: string | undefined;
}

/** The terms of a token; a plain approval has none. */
export function termsOf(token: Pick<TokenRecord, "terms">): ApprovalTerms | undefined {
  return token.terms === undefined ? undefined : (decodeValue(token.terms) as ApprovalTerms);
}

/** Whether a token may be shown to somebody who has the right to decide approvals: an address has its link from elsewhere. */
export function isFor(terms: ApprovalTerms | undefined, decider: Pick<Decider, "person" | "operator">): boolean {
  if (terms?.approver === undefined || decider.operator) return true;
  return approverOf(terms.approver).kind !== "address" && isApprover(terms.approver, decider);
}

function isApprover(approver: string, { person }: Pick<Decider, "person">): boolean {
  const { kind, name } = approverOf(approver);
  if (kind === "address") return true;
  return kind === "user" ? person?.name === name : person?.roles.includes(name) === true;
}

export class Approvals {
  readonly #parts: EngineParts;
  readonly #signals: Signals;

  constructor(parts: EngineParts, signals: Signals) {
    this.#parts = parts;
    this.#signals = signals;
  }

  async decide(p: Deciding): Promise<Result<{ readonly run: string }>> {
    const found = await this.#allowed(p.token, p.decider);
    if (!found.ok) return found;
    const { terms } = found.value;
    if (p.approved && terms?.form !== undefined) {
      const problem = await formProblem(terms.form, p.payload);
      if (problem !== undefined) return fail(problem);
    }
    const { reason, payload } = p;
    return this.#answer(p, {
      approved: p.approved,
      ...(reason === undefined ? {} : { reason }),
      ...(payload === undefined ? {} : { payload }),
    });
  }

  /** Hands the decision on: this token is used up, and another approver gets one. */
  async delegate(p: Delegating): Promise<Result<{ readonly run: string }>> {
    const found = await this.#allowed(p.token, p.decider);
    if (!found.ok) return found;
    if (found.value.terms?.delegable !== true) {
      return fail({
        code: "not_delegable",
        message: "This decision cannot be handed on to somebody else.",
        hint: "The workflow allows it with the option `delegable` of ctx.approve.",
      });
    }
    const { reason, to } = p;
    return this.#answer(p, { approved: false, delegatedTo: to, ...(reason === undefined ? {} : { reason }) });
  }

  /** Whether a link is enough to see what is asked: refused as `link_expired`. */
  linkIsGood(p: { readonly terms: ApprovalTerms | undefined; readonly decider: Decider }): Result<void> {
    const { terms, decider } = p;
    if (terms === undefined || decider.operator) return ok(undefined);
    const problem = linkProblem({ terms, decider, now: this.#parts.clock.now() });
    return problem === undefined ? ok(undefined) : fail(problem);
  }

  /** Whoever may see an approval may write beside it. */
  async comment(p: {
    readonly by: Actor;
    readonly token: string;
    readonly text: string;
  }): Promise<Result<{ readonly run: string; readonly no: number }>> {
    const { store, clock, limits } = this.#parts;
    const limit = limits.approvalCommentsMax;
    const written = await attempt(() => store.commentApproval({ ...p, limit, now: clock.now() }));
    if (!written.ok) return written;
    const { value } = written;
    if (value.outcome === "ok") return ok({ run: value.run, no: value.no });
    return value.outcome === "full"
      ? fail({ code: "comments_full", message: `An approval has at most ${limit} comments.` })
      : fail(tokenRefusal(value.outcome, "approval"));
  }

  comments(token: string): Promise<readonly ApprovalComment[]> {
    const { store, limits } = this.#parts;
    return store.listComments({ token, limit: limits.approvalCommentsMax });
  }

  async #allowed(token: string, decider: Decider): Promise<Result<{ readonly terms: ApprovalTerms | undefined }>> {
    const record = await this.#parts.store.getToken({ token });
    if (record?.kind !== "approval") return fail(tokenRefusal("unknown", "approval"));
    const terms = termsOf(record);
    if (terms === undefined || decider.operator) return ok({ terms });
    const problem =
      notAnApprover(terms, decider) ??
      linkProblem({ terms, decider, now: this.#parts.clock.now() }) ??
      (await this.#requesterProblem({ terms, decider, run: record.run }));
    return problem === undefined ? ok({ terms }) : fail(problem);
  }

  async #requesterProblem(p: {
    readonly terms: ApprovalTerms;
    readonly decider: Decider;
    readonly run: string;
  }): Promise<WireError | undefined> {
    if (p.terms.notRequester !== true) return undefined;
    const { person, requester } = p.decider;
    if (person === undefined) {
      return {
        code: "not_an_approver",
        message: "Whoever started this run may not decide it, so it matters who you are.",
        hint: "Sign in, then decide.",
      };
    }
    const started = await requester(p.run);
    if (started === null) {
      return {
        code: "requester_may_not_decide",
        message: "It is not known any more who started this run, and whoever did may not decide.",
        hint: "Ask whoever runs the server: the command line beside the data folder may decide.",
      };
    }
    return started === person.id
      ? {
          code: "requester_may_not_decide",
          message: "You started this run: somebody else has to decide.",
        }
      : undefined;
  }

  #answer(
    p: { readonly decider: Decider; readonly token: string },
    decision: Omit<ApprovalDecision, "by" | "at">,
  ): Promise<Result<{ readonly run: string }>> {
    const { by, person } = p.decider;
    const value: ApprovalDecision = { ...decision, by: person?.id ?? by.id, at: this.#parts.clock.now() };
    // Who hands a decision on has not decided.
    const decides = decision.delegatedTo === undefined && person !== undefined ? { person: person.id } : {};
    return this.#signals.answer({ by, token: p.token, kind: "approval", value: encodeValue(value), ...decides });
  }
}

function notAnApprover(terms: ApprovalTerms, { person }: Decider): WireError | undefined {
  if (terms.approver === undefined || isApprover(terms.approver, { person })) return undefined;
  const { kind, name } = approverOf(terms.approver);
  const whom = kind === "user" ? name : `somebody with the role ${name}`;
  return {
    code: "not_an_approver",
    message: `This is for ${whom} to decide.`,
    hint: person === undefined ? "Sign in, then decide." : "Ask them, or somebody to whom they may hand it on.",
  };
}

function linkProblem(p: {
  readonly terms: ApprovalTerms;
  readonly decider: Decider;
  readonly now: number;
}): WireError | undefined {
  const { linkUntil } = p.terms;
  if (linkUntil === undefined || p.now < linkUntil || p.decider.person !== undefined) return undefined;
  return { code: "link_expired", message: "This link has expired.", hint: "Sign in and decide in the console." };
}

async function formProblem(form: unknown, payload: unknown): Promise<WireError | undefined> {
  const verdict = await validateJsonSchema(form, payload ?? {});
  if (verdict.kind !== "invalid") return undefined;
  return {
    code: "invalid_input",
    message: "The form is not filled in as the workflow wants it.",
    details: verdict.issues,
  };
}
