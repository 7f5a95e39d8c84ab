// What is put beside a program for whoever takes it over: everything of its session that its screen does not show.
import type { HeldPty } from "./ports.ts";
import type { RecordedPart } from "./recording/recorder.ts";
import type { SessionFacts } from "./session-parts.ts";

export interface SessionAbout {
  readonly facts: SessionFacts;
  readonly name: string;
  readonly record: RecordedPart;
  /** Values of its environment that no recording may have. */
  readonly secrets: readonly string[];
}

const version = 1;

export function aboutText({ facts, name, record, secrets }: SessionAbout): string {
  const { command, cwd = null, runAs = null, by, createdAt } = facts;
  return JSON.stringify({ version, command, cwd, runAs, by, createdAt, name, record, secrets });
}

/** Of a program whose server wrote something else nobody knows more than that it is there: it is shown, so that somebody can end it. */
export function aboutOf({ id, about }: Pick<HeldPty, "id" | "about">): SessionAbout {
  const read = objectIn(about);
  const { command, cwd, runAs, by, createdAt, name, record, secrets } = read;
  const known = read["version"] === version && Array.isArray(command);
  if (!known) {
    return {
      facts: { id, command: [], cwd: undefined, runAs: undefined, by: "system:terminals", createdAt: 0 },
      name: "unknown",
      record: "nothing",
      secrets: [],
    };
  }
  return {
    facts: {
      id,
      command: command.map(String),
      cwd: typeof cwd === "string" ? cwd : undefined,
      runAs: typeof runAs === "string" ? runAs : undefined,
      by: String(by),
      createdAt: Number(createdAt),
    },
    name: String(name),
    record: record === "output" || record === "output and input" ? record : "nothing",
    secrets: Array.isArray(secrets) ? secrets.map(String) : [],
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const read = JSON.parse(text) as unknown;
    return typeof read === "object" && read !== null ? (read as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
