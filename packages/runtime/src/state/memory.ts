// State in the memory of one program: for tests, and where nothing has to outlive it.

import { RuledState } from "./state.ts";
import type { StateBackend, StateRows, StateWorld, StoredLock, StoredValue } from "./state.ts";

class MemoryRows implements StateRows {
  readonly #values = new Map<string, StoredValue>();
  readonly #locks = new Map<string, StoredLock>();
  #version = 0;

  /** Nothing else runs while a function does. */
  atomically<T>(body: () => T): T {
    return body();
  }

  value(key: string): StoredValue | undefined {
    return this.#values.get(key);
  }

  putValue(key: string, value: StoredValue): void {
    this.#values.set(key, value);
  }

  removeValue(key: string): void {
    this.#values.delete(key);
  }

  removeExpired(nowMs: number): void {
    for (const [key, { expiresAtMs = Infinity }] of this.#values) if (expiresAtMs <= nowMs) this.#values.delete(key);
  }

  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  lock(resource: string): StoredLock | undefined {
    return this.#locks.get(resource);
  }

  putLock(resource: string, lock: StoredLock): void {
    this.#locks.set(resource, lock);
  }
}

/** Values and locks that one program sees. */
export function memoryState(world: StateWorld): StateBackend {
  const capabilities = { multiNode: false, persistent: false, distributedLocks: false, pubSub: false };
  return new RuledState({ rows: new MemoryRows(), world, capabilities });
}
