// A terminal in the words of VibeTunnel: the keys of its Node server, and beside them those of its Go server.
import type { GitStatus } from "./git.ts";
import { countsOf } from "./git.ts";
import type { NativeTerminal } from "./native.ts";

const statuses = { created: "starting", running: "running", exited: "exited" } as const;

/** Of this product, in every session. */
export interface ShapeContext {
  readonly version: string;
  readonly git: GitStatus | undefined;
}

export function sessionOf(terminal: NativeTerminal, { version, git }: ShapeContext): object {
  const { id, command, name, cwd, status, exitCode, pid, cols, rows, createdAt, activeAt } = terminal;
  return {
    id,
    command,
    name,
    workingDir: cwd ?? "",
    status: statuses[status],
    startedAt: new Date(createdAt).toISOString(),
    ...(exitCode === null ? {} : { exitCode }),
    ...(pid === null ? {} : { pid }),
    initialCols: cols,
    initialRows: rows,
    lastClearOffset: 0,
    version,
    ...(git === undefined ? {} : gitKeys(git)),
    attachedViaVT: false,
    lastModified: new Date(activeAt).toISOString(),
    ...goKeys(terminal),
  };
}

/** As the Go server has it, `command` apart: there it is one text. */
export function goSessionOf(terminal: NativeTerminal): object {
  return { ...goKeys(terminal), id: terminal.id, command: terminal.command.join(" ") };
}

function goKeys({ name, title, cwd, cols, rows, createdAt, activeAt, status }: NativeTerminal): object {
  return {
    title: title === "" ? name : title,
    cwd: cwd ?? "",
    cols,
    rows,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(activeAt).toISOString(),
    active: status === "running",
  };
}

function gitKeys(git: GitStatus): object {
  const { untracked } = countsOf(git);
  return {
    gitRepoPath: git.root,
    ...(git.branch === undefined ? {} : { gitBranch: git.branch }),
    ...(git.hasUpstream ? { gitAheadCount: git.ahead, gitBehindCount: git.behind } : {}),
    gitHasChanges: git.files.length > 0,
    gitIsWorktree: git.isWorktree,
    gitMainRepoPath: git.mainRoot,
    ...(untracked === 0 ? {} : { gitAddedCount: untracked }),
  };
}
