// The parts of the page are imported as text, so that a bundle carries them.
declare module "*/page.mjs" {
  const text: string;
  export = text;
}
declare module "*/page.css" {
  const text: string;
  export = text;
}
