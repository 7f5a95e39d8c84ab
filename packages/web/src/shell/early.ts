// What the page's head asks the server for before the console's own script is there: who is signed in, and the first rows
// of the screen that is being opened. The call that wants it takes the answer over.

/** The answers under way, by their URL. Only while the page loads: `endEarly` forgets what nobody took. */
type Early = Map<string, Promise<Response>>;

const place = "sluiceEarly";

function shared(): { [place]?: Early | undefined } {
  return globalThis as { [place]?: Early | undefined };
}

/** What a screen asks for first, by its path without a query. */
const firstOf: Readonly<Record<string, string>> = {
  "/": "/api/v1/overview",
  "/runs": "/api/v1/runs?limit=50",
  "/workflows": "/api/v1/workflows",
};

/** Asks for what the screen at this path will want. */
export function beginEarly(path: string, query: string): void {
  const first = query === "" ? firstOf[path] : undefined;
  const early: Early = new Map();
  for (const url of ["/api/v1/auth/me", ...(first === undefined ? [] : [first])]) {
    const answer = fetch(url, { headers: { accept: "application/json" }, credentials: "same-origin" });
    // Whoever takes it hears of a failure; an answer that nobody takes must not be a complaint of the page.
    answer.catch(() => undefined);
    early.set(url, answer);
  }
  shared()[place] = early;
}

/** The answer for this URL, if it was asked for early: once. */
export function takeEarly(url: string): Promise<Response> | undefined {
  const early = shared()[place];
  const answer = early?.get(url);
  early?.delete(url);
  return answer;
}

/** From here on every call asks for itself. */
export function endEarly(): void {
  shared()[place] = undefined;
}
