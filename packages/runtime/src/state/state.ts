// State and locks of a program that has no engine to ask: one set of rules over rows that each backend keeps in its own way.

import { decodeValue, encodeValue, toWire } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";

/** An answer that can be a refusal with a code of the protocol. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

export interface StateCapabilities {
  /** Whether programs on several machines see the same. */
  readonly multiNode: boolean;
  /** Whether it outlives the program. */
  readonly persistent: boolean;
  /** Whether a lock holds between programs. */
  readonly distributedLocks: boolean;
  /** Whether others can be told of a change. */
  readonly pubSub: boolean;
}

export interface StateEntry {
  /** A copy: changing it changes nothing. */
  readonly value: unknown;
  /** Grows with every write of the backend; no two writes have the same. */
  readonly version: number;
  /** Milliseconds since 1970; undefined: stays. */
  readonly expiresAtMs: number | undefined;
}

export interface Lock {
  /** Whoever has it may extend and release. */
  readonly token: string;
  /** Grows for each holder of the resource. What the lock guards takes it along and refuses a smaller one than it has seen. */
  readonly fence: number;
  readonly expiresAtMs: number;
}

/** Refusals: `state_version_conflict`, `value_not_serializable`, `conflict` (a lock that somebody else has), `not_found` (a lock that is gone). */
export interface StateBackend {
  readonly capabilities: StateCapabilities;
  get(key: string): Promise<StateEntry | undefined>;
  /** With `ifVersion` only over this version; 0 stands for a key that is not there. */
  set(key: string, value: unknown, options?: SetOptions): Promise<Outcome<{ readonly version: number }>>;
  delete(key: string, options?: { readonly ifVersion?: number }): Promise<Outcome<{ readonly deleted: boolean }>>;
  /** Waits for at most `waitMs` (default 0) while somebody else has it. */
  acquireLock(resource: string, options: LockOptions): Promise<Outcome<Lock>>;
  releaseLock(resource: string, token: string): Promise<Outcome<undefined>>;
  /** From now on `ttlMs` more; the fence stays. */
  extendLock(resource: string, token: string, ttlMs: number): Promise<Outcome<Lock>>;
}

export interface SetOptions {
  readonly ttlMs?: number;
  readonly ifVersion?: number;
}

export interface LockOptions {
  readonly ttlMs: number;
  readonly waitMs?: number;
}

/** What a backend needs of the world. */
export interface StateWorld {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** A new token that nobody can guess. */
  token(): string;
}

export interface StoredValue {
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly expiresAtMs: number | undefined;
}

/** A resource that was ever locked; the fence stays when the lock is gone. */
export interface StoredLock {
  readonly token: string | undefined;
  readonly fence: number;
  readonly expiresAtMs: number;
}

/** The rows of a backend. `atomically` lets nobody else in between. */
export interface StateRows {
  atomically<T>(body: () => T): T;
  value(key: string): StoredValue | undefined;
  putValue(key: string, value: StoredValue): void;
  removeValue(key: string): void;
  removeExpired(nowMs: number): void;
  /** The next of the numbers that versions are. */
  nextVersion(): number;
  lock(resource: string): StoredLock | undefined;
  putLock(resource: string, lock: StoredLock): void;
}

/** How often somebody who waits for a lock looks. */
const lockLookEveryMs = 10;
/** Writes after which values past their time are removed. */
const sweepEveryWrites = 256;

function refused(code: WireError["code"], message: string): { readonly ok: false; readonly error: WireError } {
  return { ok: false, error: { code, message } };
}

/** The value's bytes; refused when it is none that can be kept. */
function encodedOf(value: unknown): Outcome<Uint8Array> {
  try {
    return { ok: true, value: encodeValue(value) };
  } catch (error) {
    const wire = toWire(error);
    if (wire.code === "internal") throw error;
    return { ok: false, error: wire };
  }
}

/** The rules, the same for every backend. */
export class RuledState implements StateBackend {
  readonly capabilities: StateCapabilities;
  readonly #rows: StateRows;
  readonly #world: StateWorld;
  #writes = 0;

  constructor(parts: {
    readonly rows: StateRows;
    readonly world: StateWorld;
    readonly capabilities: StateCapabilities;
  }) {
    this.#rows = parts.rows;
    this.#world = parts.world;
    this.capabilities = parts.capabilities;
  }

  async get(key: string): Promise<StateEntry | undefined> {
    const stored = this.#live(key);
    if (stored === undefined) return undefined;
    const { bytes, version, expiresAtMs } = stored;
    return { value: decodeValue(bytes), version, expiresAtMs };
  }

  async set(key: string, value: unknown, options: SetOptions = {}): Promise<Outcome<{ readonly version: number }>> {
    const encoded = encodedOf(value);
    if (!encoded.ok) return encoded;
    const bytes = encoded.value;
    return this.#rows.atomically(() => {
      const conflict = this.#conflict(key, options.ifVersion);
      if (conflict !== undefined) return conflict;
      this.#writes += 1;
      if (this.#writes % sweepEveryWrites === 0) this.#rows.removeExpired(this.#world.now());
      const version = this.#rows.nextVersion();
      const expiresAtMs = options.ttlMs === undefined ? undefined : this.#world.now() + options.ttlMs;
      this.#rows.putValue(key, { bytes, version, expiresAtMs });
      return { ok: true, value: { version } };
    });
  }

  async delete(
    key: string,
    options: { readonly ifVersion?: number } = {},
  ): Promise<Outcome<{ readonly deleted: boolean }>> {
    return this.#rows.atomically(() => {
      const conflict = this.#conflict(key, options.ifVersion);
      if (conflict !== undefined) return conflict;
      const deleted = this.#live(key) !== undefined;
      this.#rows.removeValue(key);
      return { ok: true, value: { deleted } };
    });
  }

  async acquireLock(resource: string, { ttlMs, waitMs = 0 }: LockOptions): Promise<Outcome<Lock>> {
    const deadlineMs = this.#world.now() + waitMs;
    for (;;) {
      const taken = this.#rows.atomically(() => this.#tryLock(resource, ttlMs));
      const leftMs = deadlineMs - this.#world.now();
      if (taken.ok || leftMs <= 0) return taken;
      await this.#world.sleep(Math.min(lockLookEveryMs, leftMs));
    }
  }

  async releaseLock(resource: string, token: string): Promise<Outcome<undefined>> {
    return this.#rows.atomically(() => {
      const held = this.#held(resource, token);
      if (!held.ok) return held;
      this.#rows.putLock(resource, { ...held.value, token: undefined });
      return { ok: true, value: undefined };
    });
  }

  async extendLock(resource: string, token: string, ttlMs: number): Promise<Outcome<Lock>> {
    return this.#rows.atomically(() => {
      const held = this.#held(resource, token);
      if (!held.ok) return held;
      const lock: Lock = { token, fence: held.value.fence, expiresAtMs: this.#world.now() + ttlMs };
      this.#rows.putLock(resource, lock);
      return { ok: true, value: lock };
    });
  }

  #live(key: string): StoredValue | undefined {
    const stored = this.#rows.value(key);
    return (stored?.expiresAtMs ?? Infinity) > this.#world.now() ? stored : undefined;
  }

  #conflict(key: string, ifVersion: number | undefined): Outcome<never> | undefined {
    const version = this.#live(key)?.version ?? 0;
    if (ifVersion === undefined || ifVersion === version) return undefined;
    return refused("state_version_conflict", `${key} has version ${version}, not ${ifVersion}`);
  }

  #tryLock(resource: string, ttlMs: number): Outcome<Lock> {
    const before = this.#rows.lock(resource);
    const nowMs = this.#world.now();
    if (before?.token !== undefined && before.expiresAtMs > nowMs) return refused("conflict", `${resource} is locked`);
    const lock: Lock = { token: this.#world.token(), fence: (before?.fence ?? 0) + 1, expiresAtMs: nowMs + ttlMs };
    this.#rows.putLock(resource, lock);
    return { ok: true, value: lock };
  }

  #held(resource: string, token: string): Outcome<StoredLock> {
    const lock = this.#rows.lock(resource);
    if (lock?.token === undefined || lock.expiresAtMs <= this.#world.now())
      return refused("not_found", `${resource} is not locked any more`);
    return lock.token === token
      ? { ok: true, value: lock }
      : refused("conflict", `${resource} is locked by somebody else`);
  }
}
