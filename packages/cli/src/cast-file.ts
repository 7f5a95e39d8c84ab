// Reads asciicast v3 and v2, of this server or of asciinema: docs.asciinema.org/manual/asciicast.

export interface PlayedEvent {
  /** Since the recording began. */
  readonly atMs: number;
  /** `o` output; others are not played. */
  readonly code: string;
  readonly data: string;
}

/** Undefined where it is no recording; lines that are none are left out. */
export function parseCast(text: string): readonly PlayedEvent[] | undefined {
  const [first = "", ...lines] = text.split("\n");
  const { version } = (jsonIn(first) ?? {}) as { readonly version?: unknown };
  if (version !== 2 && version !== 3) return undefined;
  const events: PlayedEvent[] = [];
  let atMs = 0;
  for (const line of lines) {
    const read = jsonIn(line);
    if (!Array.isArray(read)) continue;
    const [seconds, code, data] = read as readonly unknown[];
    if (typeof seconds !== "number" || typeof code !== "string" || typeof data !== "string") continue;
    atMs = version === 3 ? atMs + seconds * 1_000 : seconds * 1_000;
    events.push({ atMs, code, data });
  }
  return events;
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
