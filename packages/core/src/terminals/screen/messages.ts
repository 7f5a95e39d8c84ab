// What is said between those who have screens and the thread that keeps them.
import type { Bytes, NewScreen, Snapshot, TerminalSize } from "../ports.ts";

export type ScreenRequest =
  | ({ readonly kind: "open"; readonly id: number } & NewScreen)
  | { readonly kind: "output"; readonly id: number; readonly pieces: readonly Bytes[] }
  | ({ readonly kind: "resize"; readonly id: number; readonly mark: number } & TerminalSize)
  | { readonly kind: "ask"; readonly id: number; readonly question: number; readonly what: "snapshot" | "text" }
  | { readonly kind: "close"; readonly id: number };

export type ScreenReply =
  | { readonly kind: "parsed"; readonly id: number; readonly offset: number }
  | { readonly kind: "reply"; readonly id: number; readonly text: string; readonly offset: number }
  | { readonly kind: "title"; readonly id: number; readonly title: string }
  | { readonly kind: "bell"; readonly id: number }
  | { readonly kind: "snapshot"; readonly id: number; readonly question: number; readonly snapshot: Snapshot }
  | { readonly kind: "text"; readonly id: number; readonly question: number; readonly text: string };
