// Runs that wait for somebody's answer, and giving it.
import { SluiceError } from "@sluice/protocol";
import { pausedKeyPrefix } from "@sluice/sdk";
import type { PausedNote } from "@sluice/sdk";
import type { Program } from "./program.ts";

export interface PausesApi {
  readonly resume: (token: string, payload?: unknown) => Promise<void>;
  readonly listPausedWorkflows: () => readonly PausedNote[];
  readonly getPausedWorkflow: (token: string) => PausedNote | undefined;
  readonly storePausedWorkflow: (token: string, info: Partial<PausedNote>) => Promise<void>;
}

const empty: Omit<PausedNote, "token"> = {
  workflowId: "",
  runId: "",
  stepId: "",
  description: undefined,
  metadata: undefined,
  approvalUrl: undefined,
  createdAt: 0,
  expiresAt: undefined,
  status: "waiting",
  payload: undefined,
  lastStepOutput: undefined,
};

export function pausesApi(program: Program): PausesApi {
  return {
    resume: async (token, payload) => {
      try {
        await program.started().client.complete(token, payload);
      } catch (error) {
        throw sayWhich(error, token);
      }
      const note = program.pauses.get(token);
      if (note !== undefined) program.notePause({ ...note, status: "resumed", payload });
    },
    listPausedWorkflows: () => [...program.pauses.values()].filter(({ status }) => status === "waiting"),
    getPausedWorkflow: (token) => program.pauses.get(token),
    storePausedWorkflow: async (token, info) => {
      const note = { ...empty, createdAt: Date.now(), ...info, token };
      program.notePause(note);
      await program.started().client.state.set("global", `${pausedKeyPrefix}${token}`, note);
    },
  };
}

function sayWhich(error: unknown, token: string): unknown {
  if (!(error instanceof SluiceError)) return error;
  const { code, message, hint } = error;
  const saying = `The token ${JSON.stringify(token)} cannot be resumed: ${message}`;
  return new SluiceError({ code, message: saying, ...(hint === undefined ? {} : { hint }) });
}
