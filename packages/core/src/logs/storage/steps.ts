// Where a crash could come between two writes: storage says each step before and after it takes it, and tests cut it short there.

/** Steps that change what is on the disk, in the order in which they are taken. */
export const storageSteps = [
  "append",
  "appended",
  "intend",
  "intended",
  "chunks",
  "chunks written",
  "truncate",
  "truncated",
  "undo",
  "undone",
  "unlink",
  "unlinked",
  "tombstone",
  "tombstoned",
  "rewrite",
  "rewritten",
  "unbury",
  "unburied",
  "batch",
  "batch put",
  "batch verified",
  "manifest",
  "manifest put",
  "catalog",
  "catalogued",
  "drop",
  "dropped",
  "bring back",
  "brought back",
  "sweep",
  "swept",
] as const;
export type StorageStep = (typeof storageSteps)[number];

/** Told of each step; what it throws ends the work there, as a crash would. */
export type StepTold = (step: StorageStep) => void;

export const untold: StepTold = () => undefined;
