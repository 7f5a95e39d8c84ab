// Schedules in words.
import type { CatchUp, Overlap } from "@sluice/protocol";
import type { Answer } from "../api.ts";

export type Schedule = Answer<"listSchedules">["schedules"][number];

export const overlapWords: Readonly<Record<Overlap, string>> = {
  skip: "Skip the new one",
  queue: "Wait for it",
  cancel: "Cancel the old one",
  allow: "Run both",
};

export function catchUpWords(mode: CatchUp, max: number): string {
  if (mode === "skip") return "Missed times are skipped";
  return mode === "one" ? "One run for all missed times" : `A run for each missed time, up to ${max}`;
}

/** The part of its id that the name of the workflow does not say. */
export function nameOf({ id, workflow }: Pick<Schedule, "id" | "workflow">): string {
  return id.startsWith(workflow) ? id.slice(workflow.length).replace(/^[:/.#@-]+/, "") : id;
}
