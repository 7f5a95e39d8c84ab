// What goes in and out of the routes of terminals.
import { answer, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { terminalRoutes } from "./terminal-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const terminalContracts: Readonly<Record<keyof typeof terminalRoutes, Contract>> = {
  listTerminals: { responses: { 200: answer("The terminals", "Terminals") } },
  createTerminal: { request: "NewTerminal", responses: { 201: answer("It is there", "TerminalMade") } },
  getTerminal: { responses: { 200: answer("The terminal", "TerminalMade") } },
  changeTerminal: { request: "ChangeTerminal", responses: { 200: answer("The terminal", "TerminalMade") } },
  endTerminal: { responses: { 204: answer("It is gone") } },
  typeInTerminal: { request: "TerminalInput", responses: { 204: answer("It was typed") } },
  resizeTerminal: { request: "TerminalSize", responses: { 200: answer("The terminal", "TerminalMade") } },
  getTerminalText: { responses: { 200: { description: "Lines", type: "text/plain" } } },
  getTerminalScreen: { responses: { 200: answer("The screen", "TerminalScreen") } },
  listRecordings: { responses: { 200: answer("The recordings", "Recordings") } },
  getRecording: { responses: { 200: answer("The recording", "RecordingFound") } },
  getRecordingCast: {
    parameters: [query("version", "2: as asciicast v2; without it v3")],
    responses: { 200: { description: "asciicast", type: "application/x-asciicast" } },
  },
  searchRecording: {
    parameters: [query("q", "What the lines have in them, whatever its case")],
    responses: { 200: answer("Lines with it", "RecordingMatches") },
  },
  removeRecording: { responses: { 204: answer("It is gone") } },
  watchTerminal: {
    parameters: [
      query("role", "viewer: look on; writer: type as well, which needs terminal:write. Without one: what one may do"),
      query("offset", "Bytes of output that the viewer has; with `mark`, to go on where it was"),
      query("mark", "Changes of size that the viewer has seen"),
      query("drive", "false: leave the size as it is"),
    ],
    responses: { 101: answer("Messages from here on") },
  },
};
