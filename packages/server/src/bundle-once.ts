// Bundles a project once, for whoever executes its code elsewhere: the same text, and so the same version, as a server makes of it.
import { SluiceError } from "@sluice/protocol";
import { Bundler } from "./bundle.ts";
import type { BuiltCode, InstalledModules } from "./bundle-messages.ts";
import { describeProblem } from "./project-deploy.ts";

/** Throws `bundle_failed`. */
export async function bundleOnce(p: {
  readonly project: string;
  readonly modules: InstalledModules;
  readonly folder: string;
}): Promise<BuiltCode> {
  const bundler = new Bundler(p);
  try {
    const built = await bundler.build(p.folder);
    if (built.ok) return built;
    throw new SluiceError({ code: "bundle_failed", message: built.problems.map(describeProblem).join("\n") });
  } finally {
    await bundler.stop();
  }
}
