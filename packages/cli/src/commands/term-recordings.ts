// `sluice term recordings`, `play` and `export`: what was recorded of terminals.
import type { Command } from "commander";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { inert, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";

interface RecordingView {
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly bytes: number;
  readonly live: boolean;
}

interface PlayFlags extends TargetFlags {
  readonly speed: string;
  readonly idle: string;
}

interface ExportFlags extends TargetFlags {
  readonly output?: string;
  readonly v2?: true;
}

const speedMax = 100;
/** For the user's own files only: nobody else reads what was on a terminal. */
const fileMode = 0o600;

export function addRecordingCommands(term: Command, io: Io): void {
  clientCommand(term, {
    name: "recordings",
    description: "Recordings of terminals, newest first",
    example: "sluice term recordings",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly recordings: readonly RecordingView[] }>("/api/v1/recordings");
    show(io, flags, { json: answer, text: () => listText(answer.recordings) });
  });
  addPlay(term, io);
  addExport(term, io);
}

function addPlay(term: Command, io: Io): void {
  clientCommand(term, {
    name: "play",
    description: "Play a recording of a terminal, or a file of asciinema, in this terminal; Ctrl+C ends it",
    example: "sluice term play term_0123 --speed 2",
  })
    .argument("<recording>", "its id, or a file")
    .option("--speed <times>", "times as fast", "1")
    .option("--idle <seconds>", "longest pause", "5")
    .action(async (recording: string, flags: PlayFlags) => {
      const speed = numberOf(flags.speed, "--speed", speedMax);
      const idleMs = numberOf(flags.idle, "--idle", 3_600) * 1_000;
      const text = existsSync(recording) ? readFileSync(recording, "utf8") : await castOf(io, flags, recording);
      const { play } = await import("../term-play.ts");
      const stopping = new AbortController();
      process.once("SIGINT", () => stopping.abort());
      const { signal } = stopping;
      await play(text, { speed, idleMs, signal, wait: pause, write: (more) => void process.stdout.write(more) });
    });
}

function addExport(term: Command, io: Io): void {
  clientCommand(term, {
    name: "export",
    description: "Write a recording as an asciicast file",
    example: "sluice term export term_0123 --output deploy.cast",
  })
    .argument("<recording>", "its id")
    .option("--output <file>", "where to (default: the id with .cast)")
    .option("--v2", "as asciicast v2, for older players")
    .action(async (id: string, flags: ExportFlags) => {
      const text = await castOf(io, flags, id, flags.v2 === true ? 2 : 3);
      const file = flags.output ?? `${id}.cast`;
      writeFileSync(file, text, { mode: fileMode, flag: "wx" });
      show(io, flags, { json: { file, bytes: text.length }, text: () => [`Written to ${file}.`] });
    });
}

async function castOf(io: Io, flags: TargetFlags, ...[id, version = 3]: [string, number?]): Promise<string> {
  const response = await apiOf(io, flags).send(`/api/v1/recordings/${segment(id)}/cast`, { query: { version } });
  return response.text();
}

function numberOf(text: string, flag: string, max: number): number {
  const value = Number(text);
  if (value > 0 && value <= max) return value;
  throw misused(`${flag} is ${JSON.stringify(text)}.`, `Give a number above 0, at most ${max}.`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function listText(recordings: readonly RecordingView[]): readonly string[] {
  if (recordings.length === 0) return ["No recordings."];
  const rows = recordings.map(({ id, name, startedAt, bytes, live }) => [
    id,
    inert(name),
    live ? "recording" : "whole",
    String(bytes),
    new Date(startedAt).toISOString(),
  ]);
  return table(["RECORDING", "NAME", "STATE", "BYTES", "BEGAN"], rows);
}
