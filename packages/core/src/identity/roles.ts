// Roles that are made here beside the built-in ones: sets of grants with a name.
import type { Grant } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Clock } from "../kernel/clock.ts";
import type { IdentityStore } from "../kernel/identity-store.ts";
import type { AccessBook, Role } from "./access/access-book.ts";
import { isBuiltInRole } from "./access/access-book.ts";
import type { Endings } from "./access/endings.ts";
import { accessOf, normalizeGrants } from "./access/grants.ts";
import type { Principal } from "./access/principal.ts";
import { lackedBy } from "./access/rank.ts";
import { noRole } from "./users.ts";

export interface RolesOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly book: AccessBook;
  readonly endings: Endings;
}

export class Roles {
  readonly #options: RolesOptions;

  constructor(options: RolesOptions) {
    this.#options = options;
  }

  /** Built-in ones first, then in order of names. */
  async list(): Promise<readonly Role[]> {
    return [...(await this.#options.book.roles()).values()];
  }

  /** Makes a role or changes one. Sockets and streams of users and tokens come in again with what they may do now. */
  async put(
    principal: Principal,
    p: { readonly name: string; readonly about?: string | null | undefined; readonly grants: readonly Grant[] },
  ): Promise<Result<Role>> {
    if (isBuiltInRole(p.name)) return builtIn(p.name);
    const grants = normalizeGrants(p.grants);
    if (!grants.ok) return grants;
    const allowed = lackedBy(principal, accessOf(grants.value), `make the role ${p.name}`);
    if (!allowed.ok) return allowed;
    const { book, clock, endings, store } = this.#options;
    const role = {
      name: p.name,
      grants: grants.value,
      ...(p.about === null || p.about === undefined ? {} : { about: p.about }),
    };
    await book.change(() => store.putRole({ by: principal.actor, role: { ...role, updatedAt: clock.now() } }));
    endings.ended({ users: true }, "access_changed");
    return ok({ ...role, builtIn: false });
  }

  async remove(principal: Principal, name: string): Promise<Result<void>> {
    if (isBuiltInRole(name)) return builtIn(name);
    const { book, clock, store } = this.#options;
    const { outcome } = await book.change(() =>
      store.deleteRole({ by: principal.actor, role: name, now: clock.now() }),
    );
    if (outcome === "not_found") return noRole(name);
    if (outcome === "in_use") {
      return fail({
        code: "role_in_use",
        message: `Somebody has the role ${name}.`,
        hint: "Take it from them first: GET /api/v1/users names them.",
      });
    }
    return ok(undefined);
  }
}

function builtIn(name: string): Result<never> {
  return fail({
    code: "conflict",
    message: `The role ${name} is built in: it can be neither changed nor deleted.`,
    hint: "Make one under another name.",
  });
}
