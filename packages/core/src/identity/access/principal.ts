// Who is asking, and what they may do now.
import type { Grant, Permission, SelectorName } from "@sluice/protocol";
import type { Actor, Origin } from "../../kernel/run-records.ts";
import type { Limits } from "../settings.ts";
import type { Access } from "./grants.ts";

/** `bootstrap`: the token of the first start. `local`: whoever can read the data folder. `none`: authentication is off. */
export type PrincipalKind = "session" | "token" | "bootstrap" | "local" | "none";

/** What is known of where a request comes from. */
export interface CallerInfo {
  /** Network address. */
  readonly address?: string | undefined;
  /** `User-Agent`. */
  readonly agent?: string | undefined;
}

export interface Principal {
  readonly kind: PrincipalKind;
  /** For the audit trail: its origin names the person or token, and the address. */
  readonly actor: Actor;
  /** Who signed in, or who owns the token. */
  readonly user?: { readonly id: string; readonly name: string } | undefined;
  /** Ids. */
  readonly session?: string | undefined;
  readonly token?: string | undefined;
  /** Of the token; nothing for everybody else. */
  readonly limits: Limits;
  /** State of users, roles, sessions and tokens that it was made from. */
  readonly epoch: number;
  /** Whether there is anything it is allowed on. */
  may(permission: Permission): boolean;
  /** Whether it is allowed on this: a workflow, an event, a state key, whatever narrows the permission. */
  allows(permission: Permission, value: string): boolean;
  /** What it is allowed on: undefined is everything, otherwise one of the patterns has to fit. */
  patterns(permission: Permission): readonly string[] | undefined;
  /** What a token is limited to by a selector, for what no permission carries. Undefined: not limited. */
  narrowed(selector: SelectorName): readonly string[] | undefined;
  /** Everything it may do, one grant a permission. */
  grants(): readonly Grant[];
}

/** What is the same for every request of one session or token. */
export interface PrincipalFacts {
  readonly kind: PrincipalKind;
  readonly actor: { readonly kind: Actor["kind"]; readonly id: string };
  /** Shown as the actor's name. */
  readonly name?: string | undefined;
  readonly user?: { readonly id: string; readonly name: string } | undefined;
  readonly session?: string | undefined;
  readonly token?: string | undefined;
  readonly limits?: Limits | undefined;
  readonly access: Access;
  readonly epoch: number;
}

const noLimits: Limits = {};

/** The principal of one request. */
export function principalOf(facts: PrincipalFacts, caller: CallerInfo): Principal {
  return new AccessPrincipal(facts, caller);
}

class AccessPrincipal implements Principal {
  readonly kind: PrincipalKind;
  readonly actor: Actor;
  readonly user: { readonly id: string; readonly name: string } | undefined;
  readonly session: string | undefined;
  readonly token: string | undefined;
  readonly limits: Limits;
  readonly epoch: number;
  readonly #access: Access;

  constructor(facts: PrincipalFacts, caller: CallerInfo) {
    this.kind = facts.kind;
    this.user = facts.user;
    this.session = facts.session;
    this.token = facts.token;
    this.limits = facts.limits ?? noLimits;
    this.epoch = facts.epoch;
    this.#access = facts.access;
    this.actor = { ...facts.actor, origin: originOf(facts, caller) };
  }

  may(permission: Permission): boolean {
    return this.#access.may(permission);
  }

  allows(permission: Permission, value: string): boolean {
    return this.#access.allows(permission, value);
  }

  patterns(permission: Permission): readonly string[] | undefined {
    return this.#access.patterns(permission);
  }

  narrowed(selector: SelectorName): readonly string[] | undefined {
    return this.limits[selector];
  }

  grants(): readonly Grant[] {
    return this.#access.grants();
  }
}

function originOf(facts: PrincipalFacts, caller: CallerInfo): Origin {
  return {
    ...(facts.name === undefined ? {} : { name: facts.name }),
    ...(caller.address === undefined ? {} : { address: caller.address }),
    ...(facts.session === undefined ? {} : { session: facts.session }),
    ...(facts.token === undefined ? {} : { token: facts.token }),
  };
}
