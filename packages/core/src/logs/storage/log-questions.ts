// Questions to the threads that read: what each is held to, and how it is cancelled.
import { SluiceError } from "@sluice/protocol";
import type { ArchivePlace } from "../archive/target.ts";
import type { Labels } from "../entry.ts";
import { labelsOf } from "../labels.ts";
import type { LogLimits } from "../limits.ts";
import type { Query } from "../query/ast.ts";
import type { QueryAnswer } from "../query/execute.ts";
import type { LogQlAnswer, LogQlQuestion } from "../query/logql/answer.ts";
import type { ReaderLogQl, ReaderQuery } from "./log-reader-thread.ts";
import type { Readers } from "./readers.ts";
import type { Span } from "./snapshot.ts";

export interface LogQuestion {
  readonly tenant: string;
  readonly query: Query;
  readonly aboveSeq?: number | undefined;
  readonly upToSeq?: number | undefined;
  readonly rowsMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class LogQuestions {
  readonly #p: {
    readonly readers: Readers;
    readonly limits: LogLimits;
    readonly folder: string;
    readonly place: ArchivePlace;
  };

  constructor(p: {
    readonly readers: Readers;
    readonly limits: LogLimits;
    readonly folder: string;
    readonly place: ArchivePlace;
  }) {
    this.#p = p;
  }

  query(p: LogQuestion): Promise<QueryAnswer> {
    const { tenant, query, aboveSeq, upToSeq } = p;
    return this.#ask(p, (held) =>
      this.#p.readers.call<QueryAnswer>("query", { ...held, tenant, query, aboveSeq, upToSeq } satisfies ReaderQuery),
    );
  }

  async logql(question: LogQlQuestion, signal?: AbortSignal): Promise<LogQlAnswer> {
    const answer = await this.#ask({ rowsMax: question.limit, signal }, (held) =>
      this.#p.readers.call<
        LogQlAnswer | { readonly refused: { readonly message: string; readonly at: number | null } }
      >("logql", { ...held, question } satisfies ReaderLogQl),
    );
    if (!("refused" in answer)) return answer;
    const { message, at } = answer.refused;
    throw new SluiceError({
      code: "invalid_filter",
      message: at === null ? message : `parse error at line 1, col ${at + 1}: ${message}`,
      hint: "docs/logs.md says what of LogQL is known here.",
    });
  }

  async streams(span: Span): Promise<Labels[]> {
    const { limits, folder, place, readers } = this.#p;
    const asked = { ...span, folder, place, timeMsMax: limits.logQueryMsMax };
    return (await readers.call<string[]>("streams", asked)).map(labelsOf);
  }

  #ask<T>(
    p: { readonly rowsMax?: number | undefined; readonly signal?: AbortSignal | undefined },
    call: (held: Omit<ReaderLogQl, "question">) => Promise<T>,
  ): Promise<T> {
    const { limits, folder, place } = this.#p;
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const cancel = (): void => void Atomics.store(cancelled, 0, 1);
    p.signal?.addEventListener("abort", cancel, { once: true });
    if (p.signal?.aborted === true) cancel();
    const held = {
      folder,
      place,
      rowsMax: Math.min(p.rowsMax ?? limits.logQueryRowsMax, limits.logQueryRowsMax),
      bytesMax: limits.logQueryBytesMax,
      timeMsMax: limits.logQueryMsMax,
      cancelled,
    };
    return call(held).finally(() => p.signal?.removeEventListener("abort", cancel));
  }
}
