// Durable values as seen from outside a run: limits, time to live and version checks around the store's verbs.
import { decodeValue, encodeValue, parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import { attempt, fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor, StateEntry, StateOnce } from "../kernel/run-store.ts";
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

export interface AddState {
  readonly by: Actor;
  readonly scope: string;
  readonly key: string;
  readonly amount: number;
  readonly once?: StateOnce | undefined;
}

/** How often a sum is tried anew when others were quicker. */
const addTriesMax = 100;
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

  /**
   * Adds to a number, which starts at 0, and answers with the sum. With `once` it is added once, and asking again gives the same
   * sum. Its end, where it has one, stays.
   */
  async add(p: AddState): Promise<Result<number>> {
    const { store, clock } = this.#parts;
    const { by, scope, key, amount, once } = p;
    const wrong = checkAddress(p);
    if (wrong !== undefined) return wrong;
    for (let tries = 0; tries < addTriesMax; tries++) {
      const now = clock.now();
      const entry = await store.getState({ scope, key, now });
      const before = entry === undefined ? 0 : decodeValue(await this.#parts.values.load(entry.value));
      if (typeof before !== "number") {
        const message = `The value of ${JSON.stringify(key)} is no number: nothing can be added to it.`;
        return fail({ code: "bad_request", message });
      }
      const sum = before + amount;
      const set = { by, scope, key, value: encodeValue(sum), expiresAt: entry?.expiresAt, once, now };
      const written = await attempt(() => store.setState({ ...set, ifVersion: entry?.version ?? 0 }));
      if (!written.ok) return written;
      if (written.value.outcome === "conflict") continue;
      const { known } = written.value;
      return ok(known === undefined ? sum : (decodeValue(known) as number));
    }
    return fail({
      code: "state_version_conflict",
      message: `${JSON.stringify(key)} changed ${addTriesMax} times while something was to be added to it.`,
    });
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
