// The bundling process: started by URL, speaks with the server over Bun's channel between processes, ends with it.
import { buildProject } from "./bundle-build.ts";
import { loadConfig } from "./bundle-config.ts";
import type { BuildResult, BundleAnswer, BundleRequest } from "./bundle-messages.ts";
import { watchProject } from "./bundle-watch.ts";

function answer(message: BundleAnswer): void {
  process.send?.(message);
}

/** What was built last, by request. */
let before: BuildResult | undefined;

async function handle(request: BundleRequest): Promise<void> {
  switch (request.type) {
    case "config":
      answer({ type: "config", result: await loadConfig(request.project, request.modules) });
      break;
    case "build":
      before = (await guarded(request)).result;
      answer({ type: "build", result: before });
      break;
    case "watch":
      await watchProject({
        project: request.project,
        debounceMs: request.debounceMs,
        build: () => guarded(request),
        before,
        rebuilt: (result, changedAt) => answer({ type: "rebuilt", result, changedAt }),
        configChanged: () => answer({ type: "config_changed" }),
        unwatched: (folder, why) => answer({ type: "unwatched", folder, why }),
      });
      break;
  }
}

async function guarded(request: Parameters<typeof buildProject>[0]): ReturnType<typeof buildProject> {
  try {
    return await buildProject(request);
  } catch (error) {
    const result: BuildResult = { ok: false, problems: [{ message: String(error) }] };
    return { result, inputs: [] };
  }
}

// Requests are answered one after the other, in order.
let last: Promise<void> = Promise.resolve();
process.on("message", (request: BundleRequest) => {
  last = last.then(() => handle(request));
});
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined);
