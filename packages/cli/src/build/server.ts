// The server that a build is a run of: the one over the workspace, or the one that the environment names.
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { Api, runningServer, targetOf } from "../api.ts";
import { CliError } from "../io.ts";
import type { Io } from "../io.ts";

/** Who says nothing in this time is not there. */
const lookMs = 1_000;

/** Undefined where none runs over this folder and none is named, or where it does not answer. */
export async function serverOf(io: Io, root: string) {
  const isNamed = io.env["SLUICE_URL"] !== undefined && io.env["SLUICE_URL"] !== "";
  if (!isNamed && runningServer(join(root, ".sluice")) === undefined && io.env["SLUICE_DATA"] === undefined)
    return undefined;
  const api = new Api(targetOf(io, { project: root }));
  try {
    await api.send("/health", { signal: AbortSignal.timeout(lookMs) });
  } catch {
    return undefined;
  }
  const { url, own, credential } = api.target;
  return {
    url,
    own,
    credential,
    ask: async (method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> => {
      try {
        return await api.json(path, { method, body, patient: true });
      } catch (error) {
        throw error instanceof CliError ? new SluiceError(error.wire) : error;
      }
    },
  };
}
