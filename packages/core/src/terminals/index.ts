// Terminals: sessions, the screens that follow them, viewers.

export type { TerminalLimits } from "./limits.ts";
export type { LogPlace } from "./output-log.ts";
export type {
  Bytes,
  HeldPty,
  Pty,
  PtyEnd,
  PtyEvents,
  PtyHost,
  PtyPlace,
  PtySpec,
  Snapshot,
  TerminalSize,
} from "./ports.ts";
export type { TerminalSession } from "./session.ts";
export { secretsIn } from "./recording/masking.ts";
export { Recordings } from "./recording/recordings.ts";
export type { RecordingFile, RecordingFolder } from "./recording/recordings.ts";
export type { RecordingSink } from "./recording/recorder.ts";
export { Terminals } from "./terminals.ts";
export type { RecordedPart } from "./recording/recorder.ts";
export type { ViewerEnd, ViewerLink, Viewer } from "./viewer.ts";
export { RemoteScreens } from "./screen/remote-screens.ts";
export type { ScreenReply, ScreenRequest } from "./screen/messages.ts";
