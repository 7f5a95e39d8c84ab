// The format of recordings: asciicast v3, a line of JSON as head and one for each event, and v2 for those who want that.
// docs.asciinema.org/manual/asciicast/v3 and /v2.

/** `o` output, `i` input, `r` change of size (`80x24`), `m` a mark, `x` exit status. */
export const castCodes = ["o", "i", "r", "m", "x"] as const;
export type CastCode = (typeof castCodes)[number];

export interface CastHead {
  readonly cols: number;
  readonly rows: number;
  /** When it began; milliseconds since 1970. */
  readonly startedAt: number;
  readonly title: string;
  /** As people would type it. */
  readonly command: string;
  /** Such as `terminal:term_…`, `by:user:ada`. */
  readonly tags: readonly string[];
}

export interface CastEvent {
  /** Since the recording began. */
  readonly atMs: number;
  readonly code: CastCode;
  readonly data: string;
}

export interface Cast {
  readonly head: CastHead;
  readonly events: readonly CastEvent[];
}

const terminalType = "xterm-256color";

/** First line of a recording, with its end. */
export function headLine(head: CastHead): string {
  const { cols, rows, startedAt, title, command, tags } = head;
  const term = { cols, rows, type: terminalType };
  return `${JSON.stringify({ version: 3, term, timestamp: Math.floor(startedAt / 1_000), title, command, tags })}\n`;
}

/** A line of v3: times count from the event before, here at `beforeMs`. */
export function eventLine({ atMs, code, data }: CastEvent, beforeMs: number): string {
  return `[${secondsOf(atMs - beforeMs)}, "${code}", ${JSON.stringify(data)}]\n`;
}

export interface CastPlace {
  /** Bytes of output, and changes of size, that the recording has up to here. */
  readonly offset: number;
  readonly mark: number;
}

const placePattern = /^# at (\d{1,15}) (\d{1,9})$/gm;

/** A comment behind an event: whoever goes on with a recording that was broken off does so behind the last of these. */
export function placeLine({ offset, mark }: CastPlace): string {
  return `# at ${offset} ${mark}\n`;
}

/** The last place of a recording, and the characters up to its end; undefined where it has none. */
export function lastPlace(text: string): (CastPlace & { readonly chars: number }) | undefined {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const found = [...whole.matchAll(placePattern)].at(-1);
  if (found === undefined) return undefined;
  const [line, offset, mark] = found;
  return { offset: Number(offset), mark: Number(mark), chars: found.index + line.length + 1 };
}

/** Of a whole recording as v2, which has no exit status. */
export function* linesOfV2({ head, events }: Cast): Generator<string> {
  const { cols: width, rows: height, startedAt, title, command } = head;
  const timestamp = Math.floor(startedAt / 1_000);
  yield `${JSON.stringify({ version: 2, width, height, timestamp, title, command, env: { TERM: terminalType } })}\n`;
  for (const { atMs, code, data } of events)
    if (code !== "x") yield `[${secondsOf(atMs)}, "${code}", ${JSON.stringify(data)}]\n`;
}

/** Reads v3 and v2. A last line that was cut off, as by a crash, is left out; undefined where it is no recording. */
export function parseCast(text: string): Cast | undefined {
  const lines = text.split("\n");
  const head = headIn(lines[0] ?? "");
  if (head === undefined) return undefined;
  const events: CastEvent[] = [];
  let atMs = 0;
  for (const line of lines.slice(1)) {
    if (line === "" || line.startsWith("#")) continue;
    const event = eventIn(line);
    if (event === undefined) continue;
    atMs = head.version === 3 ? atMs + event.ms : event.ms;
    events.push({ atMs, code: event.code, data: event.data });
  }
  return { head, events };
}

/** Of the first line alone; undefined where it is no recording. */
export function headIn(line: string): (CastHead & { readonly version: 2 | 3 }) | undefined {
  const read = jsonIn(line);
  if (typeof read !== "object" || read === null || Array.isArray(read)) return undefined;
  const { version, term, width, height, timestamp, title, command, tags } = read as Readonly<Record<string, unknown>>;
  if (version !== 2 && version !== 3) return undefined;
  const { cols, rows } = (version === 3 ? (term ?? {}) : { cols: width, rows: height }) as Readonly<
    Record<string, unknown>
  >;
  if (!isSize(cols) || !isSize(rows)) return undefined;
  return {
    version,
    cols,
    rows,
    startedAt: typeof timestamp === "number" ? timestamp * 1_000 : 0,
    title: typeof title === "string" ? title : "",
    command: typeof command === "string" ? command : "",
    tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === "string") : [],
  };
}

/** Microseconds are as fine as anybody writes them. */
function secondsOf(ms: number): string {
  return (Math.max(0, ms) / 1_000).toFixed(6).replace(/\.?0+$/, "");
}

function eventIn(line: string): { readonly ms: number; readonly code: CastCode; readonly data: string } | undefined {
  const read = jsonIn(line);
  if (!Array.isArray(read)) return undefined;
  const [seconds, kind, data] = read as readonly unknown[];
  const code = castCodes.find((each) => each === kind);
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || code === undefined || typeof data !== "string")
    return undefined;
  return { ms: seconds * 1_000, code, data };
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= 65_535;
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
