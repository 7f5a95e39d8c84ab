// xterm.js makes style elements, of which the page's policy takes those that know its nonce, and writes styles as attributes, which the
// policy takes from nobody: the same as a property is allowed.

type CreateElement = (name: string, options?: ElementCreationOptions) => HTMLElement;

/** Makes elements of the page, whose styles the policy takes. */
function creating(nonce: string): CreateElement {
  const { createElement } = Document.prototype as { readonly createElement: CreateElement };
  return (name, options) => {
    const element = createElement.call(document, name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    else element.setAttribute = setAttribute;
    return element;
  };
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

/** The page's document for those who take one. */
export function styledDocument(nonce: string): Document {
  const createElement = creating(nonce);
  return new Proxy(document, {
    get(target, key) {
      if (key === "createElement") return createElement;
      const value: unknown = Reflect.get(target, key, target);
      // What the browser itself has made works on the document alone.
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** For as long as `work` takes, the page's own document does the same: release 6.0.0 makes a part of a terminal with that, whatever it was given. */
export function withStyles(nonce: string, work: () => void): void {
  Object.defineProperty(document, "createElement", { value: creating(nonce), configurable: true });
  try {
    work();
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
}

/** What is read of xterm.js that it does not offer (src/browser/renderer/dom/DomRenderer.ts). */
interface Drawing {
  readonly _core: {
    readonly _renderService?: {
      readonly _renderer: { readonly value?: { readonly _rowFactory?: { _document: Document } } };
    };
  };
}

/** Release 6.0.0 makes the elements of its lines with the page's document, too; where it draws with elements, they come from this one from now on. */
export function drawWith(terminal: object, styled: Document): void {
  const factory = (terminal as Drawing)._core._renderService?._renderer.value?._rowFactory;
  if (factory !== undefined) factory._document = styled;
}
