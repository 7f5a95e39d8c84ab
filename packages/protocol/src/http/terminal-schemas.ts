// Bodies of terminals as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { recordedParts, terminalStatuses } from "../statuses.ts";
import { maybe, name, time } from "./schema-parts.ts";

const columns = z.int().min(2).max(1_000);
const rows = z.int().min(2).max(1_000);

const terminal = z.strictObject({
  id: z.string(),
  name: z.string(),
  command: z.array(z.string()),
  cwd: z.string().nullable(),
  runAs: z.string().nullable(),
  status: z.enum(terminalStatuses).describe("created: its program has not begun"),
  title: z.string().describe("As its program has set it"),
  pid: z.int().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable().describe("What ended the program, such as SIGKILL"),
  cols: z.int(),
  rows: z.int(),
  viewers: z.int(),
  bells: z.int().describe("How often it rang"),
  outputBytes: z.int(),
  createdBy: z.string(),
  createdAt: time,
  activeAt: time.describe("When there was input or output last"),
  endedAt: time.nullable(),
  recorded: z.boolean(),
});

const recording = z.strictObject({
  id: z.string().describe("That of its terminal"),
  name: z.string().describe("Of its terminal when it began"),
  command: z.string(),
  createdBy: z.string().nullable(),
  cols: z.int(),
  rows: z.int(),
  startedAt: time,
  changedAt: time.describe("When something was added last"),
  bytes: z.int(),
  live: z.boolean().describe("It is still being made"),
});

export const terminalSchemas = {
  NewTerminal: z.strictObject({
    command: maybe(z.array(z.string()).min(1)).describe("Program and arguments; without one the user's shell"),
    cwd: maybe(z.string()),
    runAs: maybe(z.string()).describe("User of the server's machine; without it the one that the server runs as"),
    env: maybe(z.record(z.string(), z.string())),
    cols: maybe(columns),
    rows: maybe(rows),
    name: maybe(name),
    start: maybe(z.boolean()).describe("false: the program does not begin yet"),
    record: maybe(z.enum(recordedParts)).describe("What is recorded; without it nothing is"),
  }),
  ChangeTerminal: z.strictObject({ name: maybe(name), start: maybe(z.boolean()) }),
  TerminalInput: z.strictObject({ text: z.string() }),
  TerminalSize: z.strictObject({ cols: columns, rows }),
  TerminalMade: z.strictObject({ terminal }),
  Terminals: z.strictObject({ terminals: z.array(terminal) }),
  Recordings: z.strictObject({ recordings: z.array(recording) }),
  RecordingFound: z.strictObject({ recording }),
  RecordingMatches: z.strictObject({
    matches: z.array(z.strictObject({ atMs: z.number().describe("Since it began"), line: z.string() })),
  }),
  TerminalScreen: z.strictObject({
    offset: z.int().describe("Of the output that it stands for"),
    mark: z.int().describe("Number of the last change of size"),
    cols: z.int(),
    rows: z.int(),
    screen: z.string(),
  }),
} as const;
