// What an audit rule is: for each verb that acts on somebody's behalf, how the row about it comes about.
import type { AuditOutcome } from "../../kernel/audit-log.ts";
import type { RoleRecord, SessionRecord, TokenRow, UserRecord } from "../../kernel/identity-store.ts";
import type { InnerActor } from "../../kernel/inner-actor.ts";
import type { Actor } from "../../kernel/run-store.ts";

/** What a rule may look at before the change is made. Answers are of that moment: a later change does not show in them. */
export interface AuditSight {
  run(id: string): SeenRun | undefined;
  waitToken(token: string): { readonly run: string; readonly workflow: string; readonly name: string } | undefined;
  state(p: {
    readonly scope: string;
    readonly key: string;
    readonly now: number;
  }): { readonly value: Uint8Array; readonly version: number } | undefined;
  schedule(id: string): { readonly workflow: string; readonly paused: boolean } | undefined;
  trigger(id: string): { readonly workflow: string; readonly paused: boolean } | undefined;
  user(id: string): UserRecord | undefined;
  role(name: string): RoleRecord | undefined;
  session(id: string): SessionRecord | undefined;
  accessToken(id: string): TokenRow | undefined;
}

export interface SeenRun {
  readonly workflow: string;
  readonly version: string;
  readonly status: string;
  readonly attempt: number;
}

/** A row before it is one: who did it is added, and the details become JSON. */
export interface AuditDraft {
  readonly at: number;
  readonly action: string;
  readonly target: string;
  readonly workflow?: string | undefined;
  readonly outcome: AuditOutcome;
  readonly reason?: string | undefined;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

/** Verbs of a port that somebody from outside may ask for; those that the product carries out by itself take an `InnerActor`. */
type VerbWithActor<Port> = {
  [Verb in keyof Port]: Port[Verb] extends (p: infer P) => Promise<unknown>
    ? P extends { readonly by: Actor }
      ? P["by"] extends InnerActor
        ? never
        : Verb
      : never
    : never;
}[keyof Port];

/** Called before the change; what it returns is called with the verb's answer and makes the rows about it. */
export type AuditRule<P, Answer> = (p: P, sight: AuditSight) => (answer: Answer) => AuditDraft | readonly AuditDraft[];

/** The rules of a port: none of its verbs that act on somebody's behalf may be missing. */
export type AuditRules<Port> = {
  readonly [Verb in VerbWithActor<Port>]: Port[Verb] extends (p: infer P) => Promise<infer Answer>
    ? AuditRule<P, Answer>
    : never;
};
