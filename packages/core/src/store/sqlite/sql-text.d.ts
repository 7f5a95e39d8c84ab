// Lets the numbered migrations be imported as text.
declare module "*.sql" {
  const text: string;
  export = text;
}
