// What a build of a workspace is called where others have to know it: its workflow, its code, and the worker that carries it out.

/** Name that no project's workflow can take. */
export const buildWorkflow = "build.run";

/** The workflow that has this server build the workspace it runs over. */
export const startWorkflow = "build.start";

/** How workers call themselves that carry out one build: who may start builds is let in as one of them. */
export const buildWorkerPrefix = "build:";

/** The server's own code: it records builds in which nothing had to be executed, and begins builds by itself. */
export const settledVersion = "build-settled-1";

/** Known from the start, so that runs find them; their code is loaded with the first of them. */
export const ownManifests = [buildWorkflow, startWorkflow].map((name) => ({ name, triggers: [], validates: false }));

/** Such code comes with the worker that has it: no server can load it. */
export function isBuildVersion(version: string): boolean {
  return version.startsWith("build-");
}

/** Code of one build: what it is built from, and a number that nobody guesses. */
export const servedVersionPattern = /^build-\d+-[0-9a-f]{16}-[0-9a-f]{16}$/;
