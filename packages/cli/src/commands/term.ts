// `sluice term`: a program on a terminal of the server's machine, in this terminal; and the terminals there are.
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { addRecordingCommands } from "./term-recordings.ts";
import { addServe } from "./term-serve.ts";

interface TerminalView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly exitCode: number | null;
  readonly cols: number;
  readonly rows: number;
  readonly viewers: number;
  readonly title: string;
}

interface OpenFlags extends TargetFlags {
  readonly name?: string;
  readonly cwd?: string;
  readonly detach?: true;
  readonly record?: true;
  readonly recordInput?: true;
}

interface AttachFlags extends TargetFlags {
  readonly readOnly?: true;
}

export function addTermCommands(program: Command, io: Io): void {
  const term = commandGroup(program, "term", "Terminals of the server's machine: open, attach, list, kill");
  addOpen(term, io);
  addAttach(term, io);
  addRecordingCommands(term, io);
  addServe(term, io);
  clientCommand(term, { name: "list", description: "The terminals there are", example: "sluice term list" }).action(
    async (flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{ readonly terminals: readonly TerminalView[] }>("/api/v1/terminals");
      show(io, flags, { json: answer, text: () => listText(answer.terminals) });
    },
  );
  clientCommand(term, {
    name: "kill",
    description: "End a terminal and whatever runs in it",
    example: "sluice term kill term_0123",
  })
    .argument("<terminal>", "its id")
    .action(async (id: string, flags: TargetFlags) => {
      await apiOf(io, flags).send(`/api/v1/terminals/${segment(id)}`, { method: "DELETE" });
      show(io, flags, { json: { ended: id }, text: () => [`Terminal ${id} is ended.`] });
    });
}

/** What `sluice term` does without another word. */
function addOpen(term: Command, io: Io): void {
  clientCommand(term, {
    name: "open",
    isDefault: true,
    description: "Begin a program, or your shell, and attach to it; Ctrl+] leaves and lets it run",
    example: "sluice term open -- htop",
  })
    .argument("[command...]", "program and arguments, behind --")
    .option("--name <name>", "what it is called in lists")
    .option("--cwd <dir>", "folder on the server's machine to begin in")
    .option("--record", "record what it writes")
    .option("--record-input", "record what is typed as well, passwords too")
    .option("--detach", "begin it and come back at once")
    .action(async (command: readonly string[], flags: OpenFlags) => {
      if (flags.detach !== true) needTerminal(io);
      const api = apiOf(io, flags);
      const { terminal } = await api.json<{ readonly terminal: TerminalView }>("/api/v1/terminals", {
        method: "POST",
        body: {
          ...(command.length === 0 ? {} : { command }),
          ...(flags.name === undefined ? {} : { name: flags.name }),
          ...(flags.cwd === undefined ? {} : { cwd: flags.cwd }),
          ...recordOf(flags),
        },
      });
      if (flags.detach === true) return show(io, flags, { json: { terminal }, text: () => [terminal.id] });
      const { attach } = await import("../term-attach.ts");
      // Nobody reads this terminal any more, and what is open to it would keep the command.
      process.exit(await attach({ api, io, id: terminal.id, readOnly: false }));
    });
}

function recordOf({ record, recordInput }: OpenFlags): { readonly record?: string } {
  if (recordInput === true) return { record: "output and input" };
  return record === true ? { record: "output" } : {};
}

function addAttach(term: Command, io: Io): void {
  clientCommand(term, {
    name: "attach",
    description: "Show a terminal in this one; Ctrl+] leaves and lets it run",
    example: "sluice term attach term_0123",
  })
    .argument("<terminal>", "its id")
    .option("--read-only", "look on without typing")
    .action(async (id: string, flags: AttachFlags) => {
      const api = apiOf(io, flags);
      // One that is not there is said before anything happens to this one.
      await api.send(`/api/v1/terminals/${segment(id)}`);
      needTerminal(io);
      const { attach } = await import("../term-attach.ts");
      process.exit(await attach({ api, io, id, readOnly: flags.readOnly === true }));
    });
}

function needTerminal(io: Io): void {
  if (!io.stdout.isTTY || !process.stdin.isTTY) {
    throw misused(
      "This needs a terminal to show the other one in.",
      "In scripts use --detach, and the HTTP API to type and to read.",
    );
  }
}

function listText(terminals: readonly TerminalView[]): readonly string[] {
  if (terminals.length === 0) return ["No terminals."];
  const rows = terminals.map(({ id, name, status, exitCode, cols, rows: lines, viewers, title }) => [
    id,
    plain(name),
    exitCode === null ? status : `${status} ${exitCode}`,
    `${cols}x${lines}`,
    String(viewers),
    plain(title) || "-",
  ]);
  return table(["TERMINAL", "NAME", "STATUS", "SIZE", "VIEWERS", "TITLE"], rows);
}

/** Names and titles are whatever somebody or some program made them: nothing in them may be obeyed here. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- that is the point
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "�");
}
