// A file made in the browser.

/** For the browser to have read it: it does so after the click. */
const readMs = 60_000;

/** Puts a text into the folder of downloads. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), readMs);
}
