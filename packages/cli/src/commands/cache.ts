// `sluice cache`: what the build cache has, why it had something or not, and room in it.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

interface Stats {
  readonly entries: number;
  readonly blobs: number;
  readonly pieces: number;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly quarantined: number;
  readonly spaces: Readonly<Record<string, { readonly hits: number; readonly misses: number }>>;
}

interface Why {
  readonly entries: readonly {
    readonly scope: string;
    readonly space: string;
    readonly by: string;
    readonly createdAt: number;
    readonly usedAt: number;
    readonly hits: number;
    readonly bytes: number;
    readonly state: "good" | "bad_signature" | "missing";
  }[];
  readonly gone: readonly {
    readonly scope: string;
    readonly space: string;
    readonly why: string;
    readonly at: number;
  }[];
}

interface GcFlags extends TargetFlags {
  readonly max?: string;
}

export function addCacheCommands(program: Command, io: Io): void {
  const cache = commandGroup(program, "cache", "See what the build cache has, and make room in it");
  clientCommand(cache, {
    name: "stats",
    description: "How large the cache is, and how often it had what was asked for",
    example: "sluice cache stats",
  }).action(async (flags: TargetFlags) => {
    const stats = await apiOf(io, flags).json<Stats>("/api/v1/cache");
    show(io, flags, { json: stats, text: () => linesOf(stats) });
  });
  clientCommand(cache, {
    name: "gc",
    description:
      "Make room: what is old goes, and past the size what was used least recently; the server does so by itself",
    example: "sluice cache gc --max 5GB",
  })
    .option("--max <size>", "down to this size, such as 500MB (default: the server's cacheBytesMax)")
    .action(async (flags: GcFlags) => {
      const body = flags.max === undefined ? {} : { bytesMax: bytesIn(flags.max) };
      const gone = await apiOf(io, flags).json<{
        readonly entries: number;
        readonly blobs: number;
        readonly bytes: number;
      }>("/api/v1/cache/evict", { method: "POST", body, patient: true });
      show(io, flags, {
        json: gone,
        text: () => [`${gone.entries} results and ${gone.blobs} files are gone, ${sizeOf(gone.bytes)} in all.`],
      });
    });
  clientCommand(cache, {
    name: "why",
    description: "What the cache has under a key, and what became of what it had",
    example: "sluice cache why 0123456789abcdef",
  })
    .argument("<key>", "the hash of a task, as its tool shows it")
    .action(async (key: string, flags: TargetFlags) => {
      const why = await apiOf(io, flags).json<Why>(`/api/v1/cache/keys/${segment(key)}`);
      show(io, flags, { json: why, text: () => wordsOf(why) });
    });
}

function linesOf({ entries, blobs, bytes, bytesMax, quarantined, spaces }: Stats): readonly string[] {
  const limit = bytesMax === 0 ? "" : ` of ${sizeOf(bytesMax)}`;
  const lines = [`${entries} results, ${blobs} files, ${sizeOf(bytes)}${limit} on the disk.`];
  if (quarantined > 0) lines.push(`${quarantined} files were not what they should be and were put aside.`);
  const rows = Object.entries(spaces).map(([space, { hits, misses }]) => {
    const share = hits + misses === 0 ? "-" : `${Math.round((100 * hits) / (hits + misses))} %`;
    return [visible(space), String(hits), String(misses), share];
  });
  return rows.length === 0 ? lines : [...lines, "", ...table(["TOOL", "HITS", "MISSES", "RATIO"], rows)];
}

const states = { good: "-", bad_signature: "its signature is not good", missing: "a file is not there" } as const;
const reasons: Readonly<Record<string, string>> = {
  age: "nobody had used it for too long",
  size: "the cache was too large, and others had been used later",
  blob_missing: "a file that it named was not there",
  bad_signature: "its signature was not good",
  replaced: "another one took its place",
  removed: "somebody removed it",
};

function wordsOf({ entries, gone }: Why): readonly string[] {
  if (entries.length + gone.length === 0) return ["Nothing is under this key, nor was lately."];
  const rows = entries.map((each) => [
    visible(each.space),
    visible(each.scope),
    visible(each.by),
    time(each.createdAt),
    time(each.usedAt),
    String(each.hits),
    sizeOf(each.bytes),
    states[each.state],
  ]);
  const heads = ["TOOL", "SCOPE", "BY", "WRITTEN", "USED", "HITS", "SIZE", "PROBLEM"];
  const was = gone.map(
    ({ space, scope, why, at }) =>
      `${time(at)} it went from ${visible(space)} in ${visible(scope)}: ${reasons[why] ?? why}.`,
  );
  return [...(rows.length === 0 ? [] : table(heads, rows)), ...was];
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

function bytesIn(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,12}(?:\.\d{1,3})?)\s*([kmgt]?)b?$/i.exec(text) ?? [];
  if (number === "") throw misused(`${text} is no size.`, "Such as 500MB or 5GB.");
  return Math.round(Number(number) * (units[unit.toLowerCase()] ?? 1));
}

function sizeOf(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** What came from outside must not steer the terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
