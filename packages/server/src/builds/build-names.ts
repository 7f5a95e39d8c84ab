// What a build of a workspace is called where others have to know it: its workflow, its code, and the worker that carries it out.

/** Name that no project's workflow can take. */
export const buildWorkflow = "build.run";

/** How workers call themselves that carry out one build: who may start builds is let in as one of them. */
export const buildWorkerPrefix = "build:";

/** Code that records a build in which nothing had to be executed. It is the server's own. */
export const settledVersion = "build-settled-1";

/** Such code comes with the worker that has it: no server can load it. */
export function isBuildVersion(version: string): boolean {
  return version.startsWith("build-");
}

/** Code of one build: what it is built from, and a number that nobody guesses. */
export const servedVersionPattern = /^build-\d+-[0-9a-f]{16}-[0-9a-f]{16}$/;
