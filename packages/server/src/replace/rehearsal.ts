// What can be known before a server is asked for its place: that this code can serve, over this data. A successor that cannot
// leaves the server as it is.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDeployment, engineLimits, unwrap } from "@sluice/core";
import { dataFiles } from "@sluice/core/store/sqlite";
import { prepareDatabase } from "@sluice/core/store/sqlite/checks";
import { SluiceError } from "@sluice/protocol";
import type { BuiltCode } from "../bundle-messages.ts";
import { supervisorOf } from "../compose-parts.ts";
import type { ComposeOptions } from "../compose-parts.ts";
import { errorOfCode, errorOfProblems } from "../project-deploy.ts";

/**
 * Bundles the project into `folder` and loads it in a worker that is given nothing to do. Throws what is wrong with it, or
 * `data_folder_newer` and `data_folder_corrupt` for the data.
 */
export async function rehearse(options: ComposeOptions, folder: string): Promise<BuiltCode> {
  const { settings, bundler } = options;
  prepareDatabase({ file: join(settings.data, dataFiles.database), readonly: true });
  const built = await bundler.build(folder);
  if (!built.ok) throw new SluiceError(errorOfProblems(built.problems));
  const place = mkdtempSync(join(tmpdir(), "sluice-rehearsal-"));
  const supervisor = supervisorOf(options, {
    folder: place,
    socket: join(place, "worker.sock"),
    code: async () => built.file,
    engine: Promise.resolve({
      attach: () => ({ receive: () => undefined, lost: async () => undefined }),
      retire: () => undefined,
    }),
  });
  try {
    const start = await supervisor.load(built.version);
    if (!start.ok) throw new SluiceError(errorOfCode(start.problem));
    unwrap(checkDeployment(start.manifests, { ...engineLimits, ...settings.limits }));
    return built;
  } finally {
    await supervisor.stop();
    rmSync(place, { recursive: true, force: true });
  }
}
