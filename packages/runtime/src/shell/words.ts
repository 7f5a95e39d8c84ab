// Takes a command apart without interpreting it: words, quotes, pipes. Whatever a shell would act on and this does not is refused,
// so that nobody believes it was acted on; what is put in by value is never looked at.

import { RuntimeFailure } from "../failure.ts";

/** One value of a template: one argument, or as a list that stands alone, several. */
export type Insert = string | number | bigint | boolean | readonly (string | number | bigint | boolean)[];

/** Unquoted, a shell would act on these. */
const operators = new Set(["|", "&", ";", "<", ">", "(", ")", "$", "`", "\n", "\r"]);
const blanks = new Set([" ", "\t"]);

function bad(message: string): RuntimeFailure {
  return new RuntimeFailure("bad_command", message);
}

/** Collects characters and values into the argument lists of a pipeline. */
class Words {
  readonly commands: string[][] = [[]];
  /** The word that has begun; undefined between words. */
  #word: string | undefined;
  #quote: "'" | '"' | undefined;
  /** A list that was put in, and has to stand alone. */
  #list = false;
  readonly #pipes: boolean;

  constructor(pipes: boolean) {
    this.#pipes = pipes;
  }

  text(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const char = text[at] ?? "";
      if (this.#quote !== undefined) at += this.#quoted(char, text[at + 1]);
      else if (char === "'" || char === '"') {
        this.#quote = char;
        this.#grow("");
      } else if (char === "\\") {
        const next = text[++at];
        if (next === undefined) throw bad("a command ends with a backslash");
        this.#grow(next);
      } else if (blanks.has(char)) this.#endWord();
      else if (char === "|" && this.#pipes && text[at + 1] !== "|" && text[at - 1] !== "|") this.#endCommand();
      else if (operators.has(char))
        throw bad(`${JSON.stringify(char)} means nothing here: put it in quotes if it is meant as it is`);
      else this.#grow(char);
    }
  }

  /** Within quotes; how many characters more than one were used. */
  #quoted(char: string, next: string | undefined): number {
    if (char === this.#quote) {
      this.#quote = undefined;
      return 0;
    }
    if (char === "\\" && this.#quote === '"' && (next === '"' || next === "\\")) {
      this.#grow(next);
      return 1;
    }
    this.#grow(char);
    return 0;
  }

  insert(value: Insert): void {
    if (!Array.isArray(value)) return this.#grow(textOf(value));
    if (this.#word !== undefined || this.#quote !== undefined) throw bad("a list has to stand alone between spaces");
    for (const each of value as readonly unknown[]) this.#last().push(textOf(each));
    this.#list = true;
  }

  end(): readonly (readonly string[])[] {
    if (this.#quote !== undefined) throw bad("a quote is not closed");
    this.#endWord();
    if (this.commands.some((words) => words.length === 0)) throw bad("a command is empty");
    return this.commands;
  }

  #last(): string[] {
    const last = this.commands.at(-1);
    if (last === undefined) throw new Error("A pipeline has at least one command");
    return last;
  }

  #grow(text: string): void {
    if (this.#list) throw bad("a list has to stand alone between spaces");
    if (text.includes("\0")) throw bad("an argument cannot contain NUL");
    this.#word = (this.#word ?? "") + text;
  }

  #endWord(): void {
    if (this.#word !== undefined) this.#last().push(this.#word);
    this.#word = undefined;
    this.#list = false;
  }

  #endCommand(): void {
    this.#endWord();
    this.commands.push([]);
  }
}

function textOf(value: unknown): string {
  const kind = typeof value;
  if (kind !== "string" && kind !== "number" && kind !== "bigint" && kind !== "boolean")
    throw bad(`a value of type ${value === null ? "null" : kind} is no argument`);
  const text = String(value);
  if (text.includes("\0")) throw bad("an argument cannot contain NUL");
  return text;
}

/** The arguments of one command. Throws `RuntimeFailure` with `bad_command`. */
export function wordsOf(command: string): readonly string[] {
  const words = new Words(false);
  words.text(command.trim());
  return words.end()[0] ?? [];
}

/** The commands of a template, whose text may have pipes and whose values are arguments, whatever they contain. */
export function pipelineOf(texts: readonly string[], values: readonly Insert[]): readonly (readonly string[])[] {
  const words = new Words(true);
  for (const [index, text] of texts.entries()) {
    const start = index === 0 ? text.trimStart() : text;
    words.text(index === texts.length - 1 ? start.trimEnd() : start);
    const value = values[index];
    if (index < texts.length - 1) words.insert(value as Insert);
  }
  return words.end();
}

/** A word that `wordsOf` reads as exactly this. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
