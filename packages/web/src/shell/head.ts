// Runs in the page's head before anything is painted: the right theme from the first frame on. A script of its own,
// because the page's policy forbids inline script.

let theme: unknown;
try {
  ({ theme } = JSON.parse(localStorage.getItem("sluice.preferences") ?? "{}") as { theme?: unknown });
} catch {
  // No storage, or not our words in it: the system's theme.
}
const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset["theme"] = dark ? "dark" : "light";
