// The versions of the code that were ever deployed.
import type { VersionRecord } from "../../kernel/run-store.ts";

export class Versions {
  readonly #byVersion = new Map<string, VersionRecord>();

  /** A version that is known keeps the time it was first seen. */
  put(version: VersionRecord): void {
    const known = this.#byVersion.get(version.version);
    this.#byVersion.set(version.version, { ...version, createdAt: known?.createdAt ?? version.createdAt });
  }

  /** In the order in which they were first seen. */
  list(): readonly VersionRecord[] {
    return [...this.#byVersion.values()].toSorted(
      (a, b) => a.createdAt - b.createdAt || (a.version < b.version ? -1 : 1),
    );
  }
}
