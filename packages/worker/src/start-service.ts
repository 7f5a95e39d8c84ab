// Starts one service: looks its secrets up, checks its configuration, and lets it set itself up.
import { SluiceError } from "@sluice/protocol";
import type { SecretRef } from "@sluice/protocol";
import { isAction, isSecret, validateWithSchema } from "@sluice/sdk";
import type { Actions, Service, StandardSchemaV1 } from "@sluice/sdk";
import type { WorkerClock } from "./clock.ts";

/** What a service is made of once it is set up. */
export interface StartedService {
  readonly actions: Actions;
  /** Names of the secrets of the store that it was given. */
  readonly secrets: readonly string[];
  readonly stops: readonly (() => unknown)[];
  readonly checks: readonly (() => unknown)[];
}

export interface StartOptions {
  readonly clock: WorkerClock;
  readonly startMsMax: number;
  readonly readSecret: (ref: SecretRef) => Promise<string>;
  /** Stands in for all of it. */
  readonly mock: Actions | undefined;
}

/** Rejects with `service_failed`, whatever went wrong; the cause says what. */
export async function startService(service: Service, options: StartOptions): Promise<StartedService> {
  const { mock, clock, startMsMax } = options;
  if (mock !== undefined) return { actions: mock, secrets: [], stops: [], checks: [] };
  const stops: (() => unknown)[] = [];
  // What it had opened before it failed is closed again; that it fails too is no news.
  const close = async (stop: () => unknown): Promise<unknown> => stop();
  const closed = (stop: () => unknown): Promise<unknown> =>
    withLimit(close(stop), { clock, ms: startMsMax }).catch(() => undefined);
  let isGivenUp = false;
  const onStop = (stop: () => unknown): void => {
    if (isGivenUp) void closed(stop);
    else stops.push(stop);
  };
  try {
    const parts = await withLimit(setUp(service, onStop, options), { clock, ms: startMsMax });
    return { ...parts, stops };
  } catch (error) {
    isGivenUp = true;
    for (const stop of stops.toReversed()) await closed(stop);
    const why = error instanceof Error ? error.message : String(error);
    throw new SluiceError(
      { code: "service_failed", message: `The service ${service.id} could not be started: ${why}` },
      { cause: error },
    );
  }
}

async function setUp(
  service: Service,
  onStop: (stop: () => unknown) => void,
  { readSecret }: StartOptions,
): Promise<Omit<StartedService, "stops">> {
  const secrets = new Set<string>();
  const read = async (ref: SecretRef): Promise<string> => {
    if (ref.from === "store") secrets.add(ref.name);
    return readSecret(ref);
  };
  const config = await given("config", service.schemas.config, await revealed(service.given.config, read));
  const auth = await given("auth", service.schemas.auth, await revealed(service.given.auth, read));
  const checks: (() => unknown)[] = [];
  const actions = await service.setup({
    config,
    auth,
    onStop,
    onHealth: (check) => void checks.push(check),
  });
  if (!isActions(actions)) throw new TypeError("setup returned something else than an object of actions");
  return { actions, secrets: [...secrets], checks };
}

/** A copy with the values of secrets in the place of references to them. */
async function revealed(value: unknown, read: (ref: SecretRef) => Promise<string>): Promise<unknown> {
  if (isSecret(value)) return read(value);
  if (Array.isArray(value)) return Promise.all(value.map((each: unknown) => revealed(each, read)));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(async ([key, each]) => [key, await revealed(each, read)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function given(what: string, schema: StandardSchemaV1 | undefined, value: unknown): Promise<unknown> {
  if (schema === undefined) return value;
  const checked = await validateWithSchema(schema, value);
  if (checked.ok) return checked.value;
  const issues = checked.issues.map(({ path, message }) => `${what}${path}: ${message}`);
  throw new SluiceError({ code: "invalid_config", message: issues.join("; ") });
}

function isActions(value: unknown): value is Actions {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((each) => typeof each === "function" || isAction(each))
  );
}

/** What the work comes to, unless the time is up before. */
export function withLimit<T>(
  work: Promise<T>,
  { clock, ms }: { readonly clock: WorkerClock; readonly ms: number },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`it took longer than ${ms} ms`)));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it came
        reject(error);
      },
    );
  });
}
