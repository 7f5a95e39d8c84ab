// The text of a query, read from left to right: words, quoted texts, signs. What cannot be read says where it stands.

/** A query that cannot be understood. */
export class QueryError extends Error {
  /** Where in the text, counted in characters from 0. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = "QueryError";
    this.at = at;
  }
}

const wordEnd = /[\s()|,"'`]/;
const nameForm = /^[A-Za-z_@][\w.@/-]*$/;

export class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipSpace(): void {
    while (/\s/.test(this.#text[this.at] ?? "")) this.at++;
  }

  /** The character that comes next, behind spaces; empty at the end. */
  peek(): string {
    this.skipSpace();
    return this.#text[this.at] ?? "";
  }

  get atEnd(): boolean {
    return this.peek() === "";
  }

  /** Takes a sign if it comes next. */
  take(sign: string): boolean {
    this.skipSpace();
    if (!this.#text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  expect(sign: string): void {
    if (!this.take(sign)) this.fail(`Here should be ${JSON.stringify(sign)}`);
  }

  /** Takes a word if it comes next and ends there; in any case of letters. */
  takeWord(word: string): boolean {
    this.skipSpace();
    const found = this.#text.slice(this.at, this.at + word.length);
    const after = this.#text[this.at + word.length] ?? " ";
    if (found.toLowerCase() !== word || !wordEnd.test(after)) return false;
    this.at += word.length;
    return true;
  }

  /** The characters up to a space, bracket, quote, comma or bar. */
  bare(stopAtColon = false): string {
    const from = this.at;
    while (this.at < this.#text.length) {
      const next = this.#text[this.at] ?? "";
      if (wordEnd.test(next)) break;
      if (stopAtColon && next === ":" && nameForm.test(this.#text.slice(from, this.at))) break;
      this.at++;
    }
    return this.#text.slice(from, this.at);
  }

  /** A quoted text or a bare word. */
  value(): string {
    const next = this.#text[this.at] ?? "";
    if (isQuote(next)) return this.quoted();
    const word = this.bare();
    if (word === "") this.fail("Here should be a value");
    return word;
  }

  /** In double or single quotes a backslash escapes; between backticks everything is as it stands. */
  quoted(): string {
    const from = this.at;
    const quote = this.#text[this.at++] ?? "";
    let text = "";
    for (;;) {
      const next = this.#text[this.at++];
      if (next === undefined) {
        this.at = from;
        this.fail("This text is not closed");
      }
      if (next === quote) return text;
      text += next === "\\" && quote !== "`" ? this.#escaped() : next;
    }
  }

  #escaped(): string {
    const next = this.#text[this.at++] ?? "";
    const known: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", '"': '"', "'": "'", "\\": "\\" };
    // A backslash before anything else is meant: expressions are full of them.
    return known[next] ?? `\\${next}`;
  }

  name(what: string): string {
    this.skipSpace();
    const next = this.#text[this.at] ?? "";
    if (isQuote(next)) return this.quoted();
    const from = this.at;
    while (/[\w.@/-]/.test(this.#text[this.at] ?? "")) this.at++;
    if (this.at === from) this.fail(`Here should be ${what}`);
    return this.#text.slice(from, this.at);
  }

  fail(message: string): never {
    this.skipSpace();
    const rest = this.#text.slice(this.at, this.at + 20);
    throw new QueryError(
      `${message}${rest === "" ? ", and the query ends" : `, not ${JSON.stringify(rest)}`}.`,
      this.at,
    );
  }
}

export function isQuote(sign: string): boolean {
  return sign === '"' || sign === "'" || sign === "`";
}
