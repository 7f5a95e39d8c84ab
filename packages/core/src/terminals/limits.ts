// Named limits of terminals; each is a setting.

export interface TerminalLimits {
  /** Sessions of one server, those that have ended and are still shown included. */
  readonly terminalsMax: number;
  /** Viewers of all sessions together. */
  readonly terminalViewersMax: number;
  /** Output of a session that is kept for viewers; who is further behind gets the screen instead. */
  readonly terminalRingBytesMax: number;
  /** Output that waits for the screen: past it the program is held back. No more than the ring has room for. */
  readonly terminalBacklogBytesMax: number;
  /** Lines above the screen that are kept. */
  readonly terminalScrollbackLinesMax: number;
  /** Output that is on its way to a viewer without having been acknowledged. */
  readonly terminalWindowBytesMax: number;
  /** A viewer that acknowledges nothing for this long, with output waiting for it, gets the screen when it comes back. */
  readonly terminalAckMsMax: number;
  /** Longest message of a viewer. */
  readonly terminalInputBytesMax: number;
  /** Input that the program has not read yet. */
  readonly terminalInputWaitingBytesMax: number;
  /** After the hang-up, whoever of the session is still there is killed. */
  readonly terminalKillGraceMs: number;
  /** When the program has ended and its children hold the terminal open, its output is read for this long. */
  readonly terminalDrainMs: number;
  /** How long a session that has ended is shown. */
  readonly terminalEndedKeptMs: number;
  /** A session without viewers, input and output for this long is ended; 0: never. */
  readonly terminalIdleMs: number;
  /** How long sessions go on without a server; 0: they end with it. */
  readonly terminalOrphanedMs: number;
  /** Output of a session that is kept until its screen stands for it; past it the program is held back. */
  readonly terminalHeldBytesMax: number;
  readonly terminalColumnsMax: number;
  readonly terminalRowsMax: number;
  /** Arguments of a command, and characters of all of them. */
  readonly terminalArgumentsMax: number;
  readonly terminalCommandCharsMax: number;
  readonly terminalNameCharsMax: number;
  /** Longest recording; what comes after it is left out. */
  readonly terminalRecordingBytesMax: number;
  /** Of a recording that waits to be written: past it the program is held back. */
  readonly terminalRecordingBacklogBytesMax: number;
  /** How long a recording is kept after its end. */
  readonly terminalRecordingsKeptMs: number;
  /** All recordings together: past it the oldest go. */
  readonly terminalRecordingsBytesMax: number;
}

export const terminalLimits: TerminalLimits = {
  terminalsMax: 200,
  terminalViewersMax: 2_000,
  terminalRingBytesMax: 512 * 1024,
  terminalBacklogBytesMax: 256 * 1024,
  terminalScrollbackLinesMax: 1_000,
  terminalWindowBytesMax: 256 * 1024,
  terminalAckMsMax: 5_000,
  terminalInputBytesMax: 64 * 1024,
  terminalInputWaitingBytesMax: 1024 * 1024,
  terminalKillGraceMs: 2_000,
  terminalDrainMs: 250,
  terminalEndedKeptMs: 3_600_000,
  terminalIdleMs: 0,
  terminalOrphanedMs: 7 * 86_400_000,
  terminalHeldBytesMax: 2 * 1024 * 1024,
  terminalColumnsMax: 1_000,
  terminalRowsMax: 1_000,
  terminalArgumentsMax: 256,
  terminalCommandCharsMax: 32_768,
  terminalNameCharsMax: 128,
  terminalRecordingBytesMax: 100 * 1024 * 1024,
  terminalRecordingBacklogBytesMax: 1024 * 1024,
  terminalRecordingsKeptMs: 30 * 86_400_000,
  terminalRecordingsBytesMax: 5 * 1024 * 1024 * 1024,
};
