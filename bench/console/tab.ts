// A tab of a real browser with the list of runs: what its main thread does, what its heap keeps, what it was told.

import { chromium } from "playwright-core";
import type { Browser, CDPSession, Page } from "playwright-core";
import { pause } from "../clock.ts";

/** Like "Show 40 new" every so often: what waits behind the button comes in, as it does for somebody who works here. */
const SHOW_NEW_MS = 5_000;
const HEAP_READINGS = 5;
const HEAP_PAUSE_MS = 1_000;
/** A task that takes longer is felt. */
export const LONG_TASK_MS = 50;

/** One task of the page's main thread, in milliseconds. */
export interface Task {
  /** Of the machine's clock, when it began. */
  readonly atMs: number;
  readonly wallMs: number;
  /** Of the thread's own processor time: what it would take on a machine that has nothing else to do. */
  readonly cpuMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export class Tab {
  readonly #browser: Browser;
  readonly #page: Page;
  readonly #session: CDPSession;
  readonly #tracer: CDPSession;
  /** Changes of runs that the live stream has told this page. */
  told = 0;

  private constructor(browser: Browser, page: Page, sessions: { page: CDPSession; browser: CDPSession }) {
    this.#browser = browser;
    this.#page = page;
    this.#session = sessions.page;
    this.#tracer = sessions.browser;
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const message = JSON.parse(String(payload)) as { type: string; runs?: readonly unknown[] };
        if (message.type === "runs") this.told += message.runs?.length ?? 0;
      }),
    );
  }

  /** A browser with this page open, and its list shown. */
  static async open(executablePath: string, url: string): Promise<Tab> {
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const sessions = { page: await page.context().newCDPSession(page), browser: await browser.newBrowserCDPSession() };
    const tab = new Tab(browser, page, sessions);
    await page.goto(url);
    await page.locator('[role=grid] [aria-rowindex="2"]').waitFor();
    return tab;
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  /** Shows what is new every few seconds until `signal` aborts. */
  async work(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    while (!signal.aborted) {
      const rest = Promise.withResolvers<void>();
      const timer = setTimeout(rest.resolve, SHOW_NEW_MS);
      await Promise.race([rest.promise, aborted]);
      clearTimeout(timer);
      if (!signal.aborted) await this.#showNew();
    }
  }

  async #showNew(): Promise<void> {
    const button = this.#page.getByRole("button", { name: /^Show .* new$/ });
    if ((await button.count()) > 0) await button.click();
  }

  /**
   * Bytes of the heap after a collection: the least of several, a second apart, because what is on its way through the page
   * at the moment is not what it keeps. What waits behind the button has come in before.
   */
  async heapBytes(): Promise<number> {
    let least = Infinity;
    for (let reading = 0; reading < HEAP_READINGS; reading += 1) {
      await this.#showNew();
      await pause(HEAP_PAUSE_MS);
      await this.#session.send("HeapProfiler.collectGarbage");
      const { usedSize } = await this.#session.send("Runtime.getHeapUsage");
      least = Math.min(least, usedSize);
    }
    return least;
  }

  /** Every task of the page's main thread during these seconds. */
  async tasks(seconds: number): Promise<readonly Task[]> {
    const events: TraceEvent[] = [];
    const collect = ({ value }: { value: object[] }): void => {
      for (const event of value as TraceEvent[])
        if (event.name === "thread_name" || event.name.endsWith("RunTask")) events.push(event);
    };
    this.#tracer.on("Tracing.dataCollected", collect);
    await this.#tracer.send("Tracing.start", {
      transferMode: "ReportEvents",
      traceConfig: { includedCategories: ["toplevel"], recordMode: "recordUntilFull" },
    });
    await pause(seconds * 1_000);
    const complete = new Promise((resolve) => {
      this.#tracer.once("Tracing.tracingComplete", resolve);
    });
    await this.#tracer.send("Tracing.end");
    await complete;
    this.#tracer.off("Tracing.dataCollected", collect);
    return mainTasks(events);
  }
}

/** Tasks of the renderer's main thread that had most to do: the browser keeps an idle renderer or two beside it. */
export function mainTasks(events: readonly TraceEvent[]): readonly Task[] {
  const threads = events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const byThread = threads.map(({ pid, tid }) =>
    events
      .filter((event) => event.pid === pid && event.tid === tid && event.ph === "X")
      .map(({ ts, dur = 0, tdur = 0 }): Task => ({ atMs: ts / 1_000, wallMs: dur / 1_000, cpuMs: tdur / 1_000 })),
  );
  const busy = (tasks: readonly Task[]) => tasks.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return byThread.toSorted((a, b) => busy(b) - busy(a))[0] ?? [];
}
