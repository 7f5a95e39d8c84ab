// Goes through the tokens of an expression, and says what was expected where it was not found.
import { QueryError } from "../scanner.ts";
import type { Token } from "./tokens.ts";
import { tokensOf } from "./tokens.ts";

const nestingMax = 60;

export class TokenReader {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  /** Throws a `QueryError` for a text that has no tokens. */
  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  /** The token `ahead` of the next one. */
  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new RangeError("there is always an end");
    return token;
  }

  take(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  is(...texts: readonly string[]): boolean {
    const { kind, text } = this.peek();
    return (kind === "sign" || kind === "name") && texts.includes(text);
  }

  /** Takes the next token where it is this one. */
  skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.#next++;
    return true;
  }

  need(text: string): void {
    if (!this.skip(text)) this.refuse(`${text} is expected here`);
  }

  text(): string {
    if (this.peek().kind !== "text") this.refuse("a text in quotes is expected here");
    return this.take().text;
  }

  name(what = "a name"): string {
    if (this.peek().kind !== "name") this.refuse(`${what} is expected here`);
    return this.take().text;
  }

  /** Names between brackets, possibly none. */
  names(): readonly string[] {
    this.need("(");
    const names: string[] = [];
    while (!this.is(")")) {
      names.push(this.name("the name of a label"));
      if (!this.skip(",")) break;
    }
    this.need(")");
    return names;
  }

  /** Reads what may hold its like, which is only so deep. */
  nested<T>(read: () => T): T {
    if (this.#depth >= nestingMax) throw new QueryError(`an expression is at most ${nestingMax} deep`, this.peek().at);
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  refuse(message: string, token = this.peek()): never {
    const found = token.kind === "end" ? "the end" : token.kind === "text" ? JSON.stringify(token.text) : token.text;
    throw new QueryError(`${message}, not ${found}`, token.at);
  }
}
