// What the files of a data folder are called.

/** Names inside a data folder. */
export const dataFiles = { database: "state.db", blobs: "blobs", lock: "lock" } as const;
