// All recordings of a server: found, read, searched, let go when they are old or too many.
import type { Clock } from "../../kernel/clock.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { TerminalLimits } from "../limits.ts";
import { lastPlace, parseCast } from "@sluice/protocol/asciicast";
import type { Cast, CastHead } from "@sluice/protocol/asciicast";
import { matchesIn } from "./matches.ts";
import type { RecordingMatch } from "./matches.ts";
import type { PtyPlace } from "../ports.ts";
import type { RecordedSoFar, RecordingSink } from "./recorder.ts";

/** A recording as it lies in its folder. */
export interface RecordingFile {
  /** That of its terminal. */
  readonly id: string;
  readonly head: CastHead;
  readonly bytes: number;
  /** When something was added last; milliseconds since 1970. */
  readonly changedAt: number;
}

/** Where recordings lie; readable for nobody but the server's user. */
export interface RecordingFolder {
  create(id: string): RecordingSink;
  /** Writes behind the first so many bytes of one that is there; what came behind them is gone. */
  resume(id: string, bytes: number): RecordingSink;
  /** Oldest first. */
  list(): Promise<readonly RecordingFile[]>;
  /** Undefined when there is none. */
  read(id: string): Promise<string | undefined>;
  /** False when there was none. */
  remove(id: string): Promise<boolean>;
}

export class Recordings {
  readonly #folder: RecordingFolder;
  readonly #clock: Clock;
  readonly #limits: TerminalLimits;

  constructor(p: { readonly folder: RecordingFolder; readonly clock: Clock; readonly limits: TerminalLimits }) {
    this.#folder = p.folder;
    this.#clock = p.clock;
    this.#limits = p.limits;
  }

  create(id: string): RecordingSink {
    return this.#folder.create(id);
  }

  /** One that was broken off, to go on with; undefined where there is none, or where it has an end. */
  async resume(
    id: string,
    from: PtyPlace,
  ): Promise<{ readonly sink: RecordingSink; readonly head: CastHead; readonly before: RecordedSoFar } | undefined> {
    const text = (await this.#folder.read(id)) ?? "";
    const place = lastPlace(text);
    const cast = parseCast(text.slice(0, place?.chars ?? 0));
    if (place === undefined || cast === undefined) return undefined;
    const last = cast.events.at(-1);
    if (parseCast(text)?.events.at(-1)?.code === "x") return undefined;
    const bytes = Buffer.byteLength(text.slice(0, place.chars));
    const { offset, mark } = place;
    const before = { place: { offset, mark }, lastMs: last?.atMs ?? 0, bytes, from };
    return { sink: this.#folder.resume(id, bytes), head: cast.head, before };
  }

  /** Newest first. */
  async list(): Promise<readonly RecordingFile[]> {
    return (await this.#folder.list()).toReversed();
  }

  /** Fails with `not_found`. */
  async get(id: string): Promise<Result<RecordingFile>> {
    const found = (await this.#folder.list()).find((each) => each.id === id);
    return found === undefined ? missing(id) : ok(found);
  }

  /** As it lies there. Fails with `not_found`. */
  async text(id: string): Promise<Result<string>> {
    const text = await this.#folder.read(id);
    return text === undefined ? missing(id) : ok(text);
  }

  /** Fails with `not_found`. */
  async read(id: string): Promise<Result<Cast>> {
    const cast = parseCast((await this.#folder.read(id)) ?? "");
    return cast === undefined ? missing(id) : ok(cast);
  }

  /** Lines of output with a text in them, at most `max`. Fails with `not_found`. */
  async search(p: {
    readonly id: string;
    readonly text: string;
    readonly max: number;
  }): Promise<Result<readonly RecordingMatch[]>> {
    const cast = await this.read(p.id);
    return cast.ok ? ok(matchesIn(cast.value, p)) : cast;
  }

  async remove(id: string): Promise<Result<true>> {
    return (await this.#folder.remove(id)) ? ok(true) : missing(id);
  }

  /** Lets go of those that are old, and of the oldest while all together are too large; never of one that is being made. */
  async tidy(isLive: (id: string) => boolean): Promise<readonly string[]> {
    const { terminalRecordingsKeptMs, terminalRecordingsBytesMax } = this.#limits;
    const all = (await this.#folder.list()).filter(({ id }) => !isLive(id));
    let bytes = all.reduce((sum, each) => sum + each.bytes, 0);
    const gone: string[] = [];
    for (const each of all) {
      const isOld = this.#clock.now() - each.changedAt >= terminalRecordingsKeptMs;
      if (!isOld && bytes <= terminalRecordingsBytesMax) continue;
      bytes -= each.bytes;
      if (await this.#folder.remove(each.id)) gone.push(each.id);
    }
    return gone;
  }
}

function missing(id: string): Result<never> {
  return fail({
    code: "not_found",
    message: `There is no recording ${JSON.stringify(id.slice(0, 64))}.`,
    hint: "sluice term recordings shows those there are.",
  });
}
