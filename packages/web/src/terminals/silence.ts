// A terminal in a browser answers no program: the server does, once, however many look on.
import type { IParser } from "@xterm/xterm";

/** Device attributes, status, modes, version, parameters, keyboard protocol: ctlseqs of xterm, "Functions using CSI". */
const questions = [
  { final: "c" },
  { prefix: ">", final: "c" },
  { prefix: "=", final: "c" },
  { final: "n" },
  { prefix: "?", final: "n" },
  { prefix: ">", final: "q" },
  { intermediates: "$", final: "p" },
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: "?", final: "u" },
  { final: "x" },
] as const;
/** DECRQSS and XTGETTCAP. */
const textQuestions = [
  { intermediates: "$", final: "q" },
  { intermediates: "+", final: "q" },
] as const;
/** Colours of the palette, of text, background and cursor: set by these too, asked for with `?`. */
const colours = [4, 5, 10, 11, 12] as const;

/** From now on the terminal's parser takes questions and says nothing. */
export function silence(
  parser: Pick<IParser, "registerCsiHandler" | "registerDcsHandler" | "registerOscHandler">,
): void {
  const taken = (): boolean => true;
  for (const question of questions) parser.registerCsiHandler(question, taken);
  for (const question of textQuestions) parser.registerDcsHandler(question, taken);
  for (const colour of colours) parser.registerOscHandler(colour, (text) => text.split(";").includes("?"));
}
