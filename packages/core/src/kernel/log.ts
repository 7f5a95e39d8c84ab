// Where the engine says what happened; the server writes JSON lines, tests collect.

export type LogLevel = "debug" | "info" | "warn" | "error";
export type Logger = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
