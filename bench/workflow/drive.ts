// Starts a driving process, gathers what it says, and ends it with everything it started.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { ended, keepOutput, killGroup } from "../processes.ts";
import type { Job, Message } from "./job.ts";

const JOB_MS_MAX = 900_000;

/** Every message up to the last one; throws when the process ended before it was done. */
export async function drive(job: Job, running: Set<ChildProcess>): Promise<readonly Message[]> {
  const child = spawn(process.execPath, [join(import.meta.dir, "load.ts"), JSON.stringify(job)], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  const output = keepOutput(child);
  const messages: Message[] = [];
  const last = Promise.withResolvers<void>();
  child.on("message", (message: Message) => {
    messages.push(message);
    if (message.type === "done" || message.type === "filled") last.resolve();
  });
  void ended(child).then(() => last.reject(new Error(`It ended too early: ${output().trim()}`)));
  const timer = setTimeout(() => last.reject(new Error(`It was not done within ${JOB_MS_MAX} ms`)), JOB_MS_MAX);
  try {
    await last.promise;
    return messages;
  } catch (error) {
    throw new DriveError(error as Error, messages);
  } finally {
    clearTimeout(timer);
    killGroup(child.pid);
    await ended(child);
    running.delete(child);
  }
}

/** Why a driving process did not finish, with what it said until then. */
export class DriveError extends Error {
  readonly messages: readonly Message[];

  constructor(cause: Error, messages: readonly Message[]) {
    super(cause.message, { cause });
    this.messages = messages;
  }
}
