// What a supervisor of workers in processes of their own needs: the wire, the setup and the flight recorder. No user code runs
// where this is loaded, and nothing that runs it is loaded along.
export { blockedInstead, messageBytesMax, WireDecoder, WireEncoder, WireFault, WireWriter } from "./wire.ts";
export type { ByteSink, RunMessage, WireBatch, WireOptions } from "./wire.ts";
export { bunWorkerEntry } from "./bun-entry.ts";
export { childErrorCodes } from "./child-setup.ts";
export type { ChildSetup } from "./child-setup.ts";
export { readRecorder, recorderBytes, RecorderWriter } from "./recorder.ts";
export type { ExecutingStep } from "./recorder.ts";
export { workerLimits } from "./limits.ts";
