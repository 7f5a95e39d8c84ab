// How a secret is referred to: where its value is, never the value itself. Only whoever uses it looks it up.

/** Where a value can come from: the environment, a file, or the encrypted store of the data folder. */
export const secretOrigins = ["env", "file", "store"] as const;
export type SecretOrigin = (typeof secretOrigins)[number];

/** A reference. `name` is that of a variable, the path of a file, or the name in the store. */
export interface SecretRef {
  readonly from: SecretOrigin;
  readonly name: string;
}

/** Names in the store. */
export const secretNamePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
/** A value that is shorter cannot be told from ordinary text, and so not be kept out of logs and results. */
export const secretCharsMin = 6;
export const secretBytesMax = 65_536;
