// Has a process of its own carry out a build of the workspace that this server runs over: it comes back as the worker of the run.
import { SluiceError } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { BuildStarter, StartedBuild, StartInput } from "./settled-build.ts";

/** Where such a process builds, and how it finds the server. */
export interface StartGround {
  /** Folder of the project. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly url: () => string;
  /** Folder with the server's keys; undefined where nobody has to show anything. */
  readonly keys: string | undefined;
  /** Name of the server's data. */
  readonly instance: string;
}

/** What the process is told, as one line. */
export interface ChildSetup extends StartInput {
  readonly project: string;
  readonly url: string;
  readonly keys: string | undefined;
  readonly instance: string;
}

/** What it answers, as its last line. */
export type ChildAnswer = { readonly built: StartedBuild } | { readonly error: WireError };

const graceMs = 10_000;
const complaintCharsMax = 2_000;

export function buildStarter({ project, env, url, keys, instance }: StartGround): BuildStarter {
  return async (input, signal) => {
    if (input.root !== null && !belongTogether(input.root, project)) throw elsewhere(input.root);
    // Bundled, the program's file stands beside the bundle.
    const file = import.meta.url.endsWith(".ts") ? "./build-child.ts" : "./build-child.js";
    const entry = Bun.fileURLToPath(new URL(file, import.meta.url));
    const child = Bun.spawn([process.execPath, "--no-install", entry], {
      cwd: input.root ?? project,
      env: { ...env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    const setup: ChildSetup = { ...input, project, url: url(), keys, instance };
    // It ends with this server: it waits for the end of what it is told.
    void child.stdin.write(`${JSON.stringify(setup)}\n`);
    await child.stdin.flush();
    let late: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      late = setTimeout(() => child.kill("SIGKILL"), graceMs);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      const [out, complaints] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return answerIn(out, complaints);
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
    }
  };
}

/** One is the other, or a folder in it: a project is a workspace, or one of its packages. */
function belongTogether(root: string, project: string): boolean {
  const isIn = (folder: string, other: string): boolean => folder === other || folder.startsWith(`${other}/`);
  return !root.split("/").includes("..") && (isIn(root, project) || isIn(project, root));
}

function elsewhere(root: string): SluiceError {
  return new SluiceError({
    code: "forbidden",
    message: `${root} is not the workspace that this server runs over.`,
    hint: "Build it where it is: `sluice build`.",
  });
}

function answerIn(out: string, complaints: string): StartedBuild {
  const line = out.trim().split("\n").at(-1) ?? "";
  let answer: ChildAnswer;
  try {
    answer = JSON.parse(line) as ChildAnswer;
  } catch {
    const message = `The process of a build ended without a word. ${complaints.slice(-complaintCharsMax)}`.trim();
    throw new SluiceError({ code: "worker_failed", message });
  }
  if ("error" in answer) throw new SluiceError(answer.error);
  return answer.built;
}
