// A file made in the browser.

/** For the browser to have read it: it does so after the click. */
const readMs = 60_000;

/** Puts a blob into the folder of downloads. */
export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), readMs);
}

/** The same of text. */
export function saveText(name: string, text: string): void {
  saveBlob(name, new Blob([text], { type: "text/plain" }));
}
