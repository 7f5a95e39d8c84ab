// Runs in the page's head before anything is painted: the right theme and frame from the first frame on, and the first
// questions to the server. A script of its own, because the page's policy forbids inline script.
import { beginEarly } from "./early.ts";

let kept: { readonly theme?: unknown; readonly narrowNavigation?: unknown } = {};
try {
  kept = (JSON.parse(localStorage.getItem("sluice.preferences") ?? "{}") ?? {}) as typeof kept;
} catch {
  // No storage, or not our words in it: the system's theme.
}
const { dataset } = document.documentElement;
const dark = kept.theme === "dark" || (kept.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
dataset["theme"] = dark ? "dark" : "light";
const { pathname, search } = location;
// Pages for those who are not signed in stand without the shell.
if (/^\/(?:sign-in|setup|approve)(?:\/|$)/.test(pathname)) dataset["frame"] = "none";
else {
  dataset["frame"] = kept.narrowNavigation === true ? "narrow" : "wide";
  beginEarly(pathname, search);
}
