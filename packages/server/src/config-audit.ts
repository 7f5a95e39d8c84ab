// Where checkpoints of the audit trail go, and how long its rows are kept: from settings to what holds.
import { relative, sep } from "node:path";
import { SluiceError } from "@sluice/protocol";

export interface AuditSettings {
  /** Absolute path of a file, or an http(s) URL; undefined: none leave the store. */
  readonly checkpoints: string | undefined;
  /** Undefined: rows are kept for good. */
  readonly retentionMs: number | undefined;
}

export const checkpointsVariable = "SLUICE_AUDIT_CHECKPOINTS";

/** Throws `invalid_config` for settings that would not protect anything. */
export function auditSettings(
  values: ReadonlyMap<string, unknown>,
  {
    data,
    pathOf,
  }: {
    /** Absolute path of the data folder. */
    readonly data: string;
    readonly pathOf: (...[path, key, env]: [string, string, string]) => string;
  },
): AuditSettings {
  const given = values.get("audit.checkpoints") as string | undefined;
  const retentionMs = values.get("audit.retention") as number | undefined;
  if (given === undefined) {
    if (retentionMs === undefined) return { checkpoints: undefined, retentionMs };
    throw wrong(
      "audit.retention lets go of rows that a checkpoint covers, and there are no checkpoints.",
      "Set audit.checkpoints too.",
    );
  }
  if (isUrl(given)) return { checkpoints: given, retentionMs };
  const checkpoints = pathOf(given, "audit.checkpoints", checkpointsVariable);
  if (relative(data, checkpoints).split(sep)[0] !== "..") {
    throw wrong(
      `audit.checkpoints is ${checkpoints}, in the data folder: whoever changes the trail there could change them with it.`,
      "Choose a file on another disk or machine, or a URL.",
    );
  }
  return { checkpoints, retentionMs };
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

function wrong(message: string, hint: string): SluiceError {
  return new SluiceError({ code: "invalid_config", message, hint });
}
