// The parts of the page are imported as text, so that a bundle carries them.
declare module "*/page.js" {
  const text: string;
  export default text;
}
declare module "*/page.css" {
  const text: string;
  export default text;
}
