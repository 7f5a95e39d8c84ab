// What the flags of `sluice build` mean.
import { availableParallelism } from "node:os";
import { misused } from "../io.ts";
import type { LogMode } from "./output.ts";

/** Options as commander hands them over. */
export interface BuildFlags {
  readonly project?: string;
  readonly task?: readonly string[];
  readonly filter?: readonly string[];
  readonly affected?: string | boolean;
  readonly only?: boolean;
  readonly envMode?: "strict" | "loose";
  readonly json?: boolean;
  readonly force?: boolean;
  readonly dry?: string | boolean;
  readonly graph?: string | boolean;
  readonly continue?: "never" | "dependencies-successful" | "always" | true;
  readonly concurrency?: string;
  readonly shard?: string;
  readonly profile?: string;
  readonly summarize?: string | boolean;
  readonly ui?: "grouped" | "stream";
  readonly outputLogs?: LogMode;
}

const baseDefault = "main";
const concurrencyMax = 1_000;
const shardsMax = 10_000;

/** What stands behind `--`: it is for the scripts. */
export function argumentsOf(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("--");
  return at === -1 ? [] : argv.slice(at + 1);
}

/** Names of tasks, without what stands behind `--`. */
export function taskNames(given: readonly string[], { task = [] }: BuildFlags, behind = 0): readonly string[] {
  const names = [...given.slice(0, given.length - behind), ...task];
  return names.length === 0 ? ["build"] : names;
}

export function affectedBase(affected: BuildFlags["affected"]): string | undefined {
  if (affected === undefined || affected === false) return undefined;
  return affected === true ? baseDefault : affected;
}

export function concurrencyOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, percent] = /^(\d{1,4})(%)?$/.exec(text) ?? [];
  const number =
    percent === undefined ? Number(count) : Math.max(1, Math.floor((availableParallelism() * Number(count)) / 100));
  if (count === undefined || number < 1 || number > concurrencyMax)
    throw misused(`--concurrency takes a number such as 4 or 50%, not ${text}.`);
  return number;
}

export function shardOf(text: string | undefined): { readonly index: number; readonly count: number } | undefined {
  if (text === undefined) return undefined;
  const [, index = 0, count = 0] = (/^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > count || count > shardsMax)
    throw misused(`--shard takes one of n parts such as 1/3, not ${text}.`);
  return { index, count };
}
