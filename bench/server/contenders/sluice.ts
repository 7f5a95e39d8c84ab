// Sluice as a contender: `sluice up` on a copy of the prepared data folder.

import { cpSync } from "node:fs";
import { join } from "node:path";
import { startSluice } from "../../sluice.ts";
import type { Contender, Prepared } from "../contender.ts";

export const PROJECT = join(import.meta.dir, "../../workflow/project");

/** It believes the addresses that the flood says it comes from; everything else is as shipped. */
export async function openSluice(prepared: Prepared, folder: string): Promise<Contender> {
  cpSync(prepared.folder, folder, { recursive: true });
  return startSluice({ project: PROJECT, folder, args: ["--trusted-proxy", "127.0.0.1/32"], env: {} });
}
