// Durable values as seen from outside a run: limits, time to live and version checks around the store's verbs.
import { parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import { attempt, fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor, StateEntry } from "../kernel/run-store.ts";
import type { EngineParts } from "./parts.ts";

export interface SetState {
  readonly by: Actor;
  /** `global`, `workflow:NAME` or `run:ID`. */
  readonly scope: string;
  readonly key: string;
  /** Encoded value. */
  readonly value: Uint8Array;
  readonly ttl?: Duration | undefined;
  /** Only when the key has this version; 0: only when it does not exist. */
  readonly ifVersion?: number | undefined;
}

const keyCharsMax = 1_024;
const scopePattern = /^(?:global|workflow:.{1,128}|run:.{1,128})$/s;

export class StateAccess {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** The version the key has now. */
  async set(p: SetState): Promise<Result<number>> {
    const wrong = checkAddress(p);
    if (wrong !== undefined) return wrong;
    const { store, clock, values } = this.#parts;
    const written = await attempt(async () => {
      if (p.value.length > values.payloadBytesMax) throw values.tooLarge(`The value of ${p.key}`, p.value);
      const now = clock.now();
      const expiresAt = p.ttl === undefined ? undefined : now + parseDuration(p.ttl);
      const { stored, release } = await values.keep(p.value);
      try {
        return await store.setState({
          by: p.by,
          scope: p.scope,
          key: p.key,
          value: stored,
          expiresAt,
          ifVersion: p.ifVersion,
          now,
        });
      } finally {
        release();
      }
    });
    if (!written.ok) return written;
    const { outcome, version } = written.value;
    return outcome === "ok" ? ok(version) : versionConflict(p.key, version);
  }

  async get(scope: string, key: string): Promise<Result<StateEntry | undefined>> {
    const wrong = checkAddress({ scope, key });
    return wrong ?? ok(await this.#parts.store.getState({ scope, key, now: this.#parts.clock.now() }));
  }

  /** True when there was something to delete. */
  async delete(p: Omit<SetState, "value" | "ttl">): Promise<Result<boolean>> {
    const wrong = checkAddress(p);
    if (wrong !== undefined) return wrong;
    const { store, clock } = this.#parts;
    const deleted = await attempt(() => store.deleteState({ ...p, now: clock.now() }));
    if (!deleted.ok) return deleted;
    return deleted.value.outcome === "conflict"
      ? versionConflict(p.key, undefined)
      : ok(deleted.value.outcome === "ok");
  }
}

function checkAddress({
  scope,
  key,
}: {
  readonly scope: string;
  readonly key: string;
}): ReturnType<typeof fail> | undefined {
  if (!scopePattern.test(scope)) {
    const { code, message, hint } = new SluiceError({
      code: "bad_request",
      message: `${JSON.stringify(scope.slice(0, 100))} is no scope.`,
      hint: "Use global, workflow:NAME or run:ID.",
    });
    return fail({ code, message, ...(hint === undefined ? {} : { hint }) });
  }
  if (key.length > 0 && key.length <= keyCharsMax) return undefined;
  return fail({
    code: "bad_request",
    message: "The key is empty or too long.",
    hint: `1 to ${keyCharsMax} characters.`,
  });
}

function versionConflict(key: string, version: number | undefined): Result<never> {
  return fail({
    code: "state_version_conflict",
    message: `The key ${JSON.stringify(key)} has another version${version === undefined ? "" : `: ${version}`}.`,
    hint: "Read it again and decide anew.",
    ...(version === undefined ? {} : { details: { version } }),
  });
}
