// Runs and steps as a page about one run reads them: without their large values, and with the stacks of their errors.
import { decodeErrorValue, encodeError, SluiceError } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import type { Attempt, Engine, RunRecord } from "@sluice/core";
import type { Query } from "./query.ts";
import { omittedValue, showError, showRun, showStep } from "./show.ts";
import type { Wire } from "./wire.ts";

/** Larger values are left out where only small ones are asked for. */
const smallValueBytesMax = 2_048;

/** What a client wants to have beside the usual, or not to have. */
export interface Detail {
  readonly small: boolean;
  readonly stacks: boolean;
}

export function detailOf(query: Query): Detail {
  return { small: query.boolean("small") ?? false, stacks: query.boolean("stacks") ?? false };
}

interface Showing {
  readonly engine: Engine;
  readonly wire: Wire;
  readonly detail: Detail;
}

/** A run; what is large is not even read from the disk when it is left out. */
export async function showRunInDetail(p: Showing, run: RunRecord): Promise<unknown> {
  const { engine, wire, detail } = p;
  const isLarge = (value: Uint8Array | undefined): boolean =>
    detail.small && value !== undefined && (engine.values.isBlob(value) || value.length > smallValueBytesMax);
  const omitted = (["input", "output", "progress"] as const).filter((name) => isLarge(run[name]));
  const kept =
    omitted.length === 0 ? run : { ...run, ...Object.fromEntries(omitted.map((name) => [name, omittedValue])) };
  const shown = (await showRun(engine, wire, kept)) as Record<string, unknown>;
  if (detail.stacks && run.error !== undefined) addStack(shown["error"], await loaded(engine, run.error));
  return omitted.length === 0 ? shown : { ...shown, omitted };
}

/**
 * A journal entry as it is stored, with how much its values take. An output that is kept as a blob is left out in any case: it
 * can be asked for by itself. `attempts` are those of the whole run.
 */
export async function showStepInDetail(
  p: Showing,
  stored: JournalEntry,
  attempts: readonly Attempt[],
): Promise<{ readonly step: unknown; readonly bytes: number }> {
  const { engine, wire, detail } = p;
  const { value } = stored;
  const omitted =
    value !== undefined && (engine.values.isBlob(value) || (detail.small && value.length > smallValueBytesMax));
  const entry = await readable(engine, omitted ? { ...stored, value: undefined } : stored);
  const shown = showStep(wire, entry) as Record<string, unknown>;
  if (detail.stacks && entry.error !== undefined) addStack(shown["error"], entry.error);
  shown["outputBytes"] = value === undefined ? null : ((await engine.values.sizeOf(value)) ?? null);
  const earlier = attempts.filter(({ seq, attempt }) => seq === stored.seq && attempt < stored.attempt);
  shown["attempts"] = await Promise.all(earlier.map((attempt) => showAttempt(p, attempt)));
  const bytes = (entry.value?.length ?? 0) + (entry.error?.length ?? 0);
  return { step: omitted ? { ...shown, omitted: ["output"] } : shown, bytes };
}

async function showAttempt(p: Showing, { attempt, at, end, error }: Attempt): Promise<unknown> {
  const { engine, wire, detail } = p;
  const shown = await showError(engine, wire, error);
  if (detail.stacks) addStack(shown, await loaded(engine, error));
  return { attempt, startedAt: at, endedAt: end, error: shown };
}

/** An error, or what is said of one that was erased. */
async function loaded(engine: Engine, stored: Uint8Array): Promise<Uint8Array> {
  const found = engine.values.isRef(stored) ? await engine.values.find(stored) : stored;
  return found instanceof SluiceError ? encodeError(found) : found;
}

/** An entry with its values loaded; the error of one whose values are gone says so. */
async function readable(engine: Engine, entry: JournalEntry): Promise<JournalEntry> {
  const { value, error, ...rest } = entry;
  if (!engine.values.isRef(value) && !engine.values.isRef(error)) return entry;
  const found = value === undefined ? undefined : await engine.values.find(value);
  if (found instanceof SluiceError) return { ...rest, error: encodeError(found) };
  const failure = error === undefined ? {} : { error: await loaded(engine, error) };
  return { ...rest, ...(found === undefined ? {} : { value: found }), ...failure };
}

/** To an error that is shown as JSON; those who read values have the stack in them. */
function addStack(shown: unknown, error: Uint8Array): void {
  if (shown instanceof Uint8Array) return;
  const { stack } = decodeErrorValue(error);
  if (stack !== undefined) (shown as { details: { stack?: string } }).details.stack = stack;
}
