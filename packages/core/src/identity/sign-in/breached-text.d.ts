// Lets the list of breached passwords be imported as text.
declare module "*.txt" {
  const text: string;
  export = text;
}
