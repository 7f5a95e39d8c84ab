// Every limit of the room of clusters, with its unit in its name.

export const clusterLimits = {
  /** Longest wait for an answer of a cluster. */
  requestTimeoutMs: 30_000,
  /** Longest run of a program that makes credentials. */
  credentialsTimeoutMs: 20_000,
  /** How often a request is sent again that the server had no time for. */
  retriesMax: 4,
  /** Longest pause before that, whatever the server asks for. */
  retryDelayMsMax: 10_000,
  /** First pause where the server says nothing; doubled from one to the next. */
  retryDelayMs: 200,
  /** Objects asked for at once. */
  listPageMax: 500,
  /** Objects that a list or a watch cache holds. */
  objectsMax: 100_000,
  /** Longest silence of a watch before it is begun again. */
  watchSilenceMs: 90_000,
  /** Largest body of an answer that is kept. */
  answerBytesMax: 64 * 1_048_576,
  /** Largest component: its manifests together. */
  manifestBytesMax: 8 * 1_048_576,
  /** Objects of a component. */
  manifestObjectsMax: 2_000,
  /** Longest run of a program that makes manifests, or fetches a repository. */
  sourceTimeoutMs: 120_000,
  /** Files of a component. */
  manifestFilesMax: 1_000,
  /** How often an object is observed anew that others change while it is being written. */
  observationsMax: 8,
  /** Longest wait until the admission policy on epochs is in effect, and the pause between two tries. */
  fenceWaitMs: 30_000,
  fencePollMs: 50,
  /** Pause between two looks at what is not ready. */
  healthPollMs: 500,
  /** Longest wait for a wave where the component says nothing. */
  waitMs: 300_000,
  /** How long a plan can be approved and applied. */
  planTtlMs: 24 * 3_600_000,
  /** How often a step of an operation asks a cluster that does not answer, before somebody has to decide. */
  operationAttemptsMax: 40,
  /** First pause between two of these attempts, doubled from one to the next, and the longest. */
  operationDelayMs: 1_000,
  operationDelayMsMax: 30_000,
  /** Longest wait for what a failover asks: a site, the epoch store, a proxy. */
  recoveryTimeoutMs: 20_000,
  /** Objects written at once. */
  applyConcurrency: 8,
  /** Longest wait until a revision of a mesh is ready, or a namespace has its proxies. */
  meshWaitMs: 900_000,
  /** A certificate that is good for less than this is said to expire soon. */
  certificateSoonMs: 30 * 24 * 3_600_000,
  /** Reports on a component's health that are kept. */
  healthHistoryMax: 100,
};
export type ClusterLimits = Readonly<typeof clusterLimits>;
