// Pipelines are looked at before anything is served: a filter that cannot be read must not be found by the first entry that comes.
import { compilePipelines } from "@sluice/core/logs";
import type { PipelineSettings } from "@sluice/core/logs";
import { SluiceError } from "@sluice/protocol";

/** Throws `invalid_config` naming the pipeline. */
export function checkPipelines(pipelines: readonly PipelineSettings[]): void {
  for (const [at, pipeline] of pipelines.entries()) {
    try {
      compilePipelines([pipeline]);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new SluiceError({
        code: "invalid_config",
        message: `logs.pipelines[${at}] in sluice.config.ts cannot be read: ${said}`,
        hint: "docs/logs.md has the language of filters; expressions are those of RE2.",
      });
    }
  }
}
