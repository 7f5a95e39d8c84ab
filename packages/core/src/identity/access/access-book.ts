// What users and roles allow now, worked out once and kept until anything about them changes.
import { builtInRoles } from "@sluice/protocol";
import type { Grant } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { IdentityStore, UserRecord } from "../../kernel/identity-store.ts";
import { accessOf, uniteAccess } from "./grants.ts";
import type { Access } from "./grants.ts";

export interface Role {
  readonly name: string;
  readonly about?: string | undefined;
  readonly grants: readonly Grant[];
  readonly builtIn: boolean;
}

/** A user with everything that their roles allow together. */
export interface KnownUser {
  readonly record: UserRecord;
  readonly access: Access;
}

interface Cached<T> {
  readonly readAt: number;
  readonly value: T;
}

const shellRole = "admin";
const builtIns: readonly Role[] = Object.entries(builtInRoles).map(([name, grants]) => ({
  name,
  grants,
  builtIn: true,
}));

export function isBuiltInRole(name: string): boolean {
  return Object.hasOwn(builtInRoles, name);
}

/** What one role allows. What leads to a shell comes with the built-in admin alone. */
export function accessOfRole(role: Role): Access {
  return accessOf(role.grants, role.builtIn && role.name === shellRole);
}

export interface AccessBookOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly limits: { readonly principalsCachedMax: number; readonly principalCacheMs: number };
}

export class AccessBook {
  readonly #store: IdentityStore;
  readonly #clock: Clock;
  readonly #limits: AccessBookOptions["limits"];
  readonly #users = new Map<string, Cached<KnownUser>>();
  #roles: Cached<ReadonlyMap<string, Role>> | undefined;
  #epoch = 0;
  #hasUsers = false;

  constructor(options: AccessBookOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  /** Looks whether there are users; to be called before anything else. */
  async open(): Promise<void> {
    this.#hasUsers = (await this.#store.countUsers()) > 0;
  }

  /** Counts changes of users, roles, sessions and tokens. What was read under another number may be wrong by now. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Once there are users there always are: none is ever deleted. */
  get hasUsers(): boolean {
    return this.#hasUsers;
  }

  firstUserCreated(): void {
    this.#hasUsers = true;
    this.#forget();
  }

  /** Changes something that rights depend on; whatever was known is read again afterwards, also when the change failed. */
  async change<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } finally {
      this.#forget();
    }
  }

  /** Built-in roles first, then those made here in order of names. */
  async roles(): Promise<ReadonlyMap<string, Role>> {
    if (this.#roles !== undefined && this.#isFresh(this.#roles)) return this.#roles.value;
    const epoch = this.#epoch;
    const readAt = this.#clock.now();
    const made = (await this.#store.listRoles()).filter(({ name }) => !isBuiltInRole(name));
    const ordered = made.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const roles = ordered.map(({ name, about, grants }): Role => ({ name, about, grants, builtIn: false }));
    const value = new Map([...builtIns, ...roles].map((role) => [role.name, role]));
    if (epoch === this.#epoch) this.#roles = { readAt, value };
    return value;
  }

  /** What roles allow together; one that does not exist (any more) allows nothing. */
  async accessOfRoles(names: readonly string[]): Promise<Access> {
    const roles = await this.roles();
    return uniteAccess(
      names.flatMap((name) => {
        const role = roles.get(name);
        return role === undefined ? [] : [accessOfRole(role)];
      }),
    );
  }

  async user(id: string): Promise<KnownUser | undefined> {
    const cached = this.#users.get(id);
    if (cached !== undefined && this.#isFresh(cached)) return cached.value;
    const epoch = this.#epoch;
    const readAt = this.#clock.now();
    const record = await this.#store.getUser({ user: id });
    if (record === undefined) return undefined;
    const value = { record, access: await this.accessOfRoles(record.roles) };
    if (epoch === this.#epoch) {
      if (this.#users.size >= this.#limits.principalsCachedMax) this.#users.clear();
      this.#users.set(id, { readAt, value });
    }
    return value;
  }

  #isFresh(cached: Cached<unknown>): boolean {
    return this.#clock.now() - cached.readAt < this.#limits.principalCacheMs;
  }

  #forget(): void {
    this.#epoch++;
    this.#users.clear();
    this.#roles = undefined;
  }
}
