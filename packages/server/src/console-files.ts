// Where the built console is, and its files with the encodings they were precompressed in. Loaded with the first page.
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What the console's build says of itself. */
interface Manifest {
  readonly files: Readonly<Record<string, { readonly type: string; readonly gzipBytes: number }>>;
  /** Scripts of a screen, by where it is: `/runs` for the list, `/runs/` for everything below it. */
  readonly screens?: Readonly<Record<string, readonly string[]>>;
}

interface Built {
  readonly folder: string;
  /** Of manifest.json, in milliseconds: a later build is noticed by it. */
  readonly builtAt: number;
  readonly manifest: Manifest;
  readonly page: string;
}

/** A part of the console as it goes out. */
export interface ConsoleAsset {
  readonly file: string;
  readonly type: string;
  readonly encoding: "br" | "gzip" | undefined;
}

/** Beside the packed product, or where the sources build it. */
const places = ["./console/", "../../web/dist/"].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/** The files of a built console. `folder` is for tests; without it, where the product has it. */
export class ConsoleFiles {
  readonly #places: readonly string[];
  #built: Built | undefined;

  constructor(folder?: string) {
    this.#places = folder === undefined ? places : [folder.endsWith("/") ? folder : `${folder}/`];
  }

  /**
   * The page at a path (with its leading `/`), with a nonce for the style elements that its libraries add; undefined when
   * nothing has been built. It names the scripts of its screen, so that they come along with the first one.
   */
  page(nonce: string, path = "/"): string | undefined {
    const built = this.#current();
    if (built === undefined) return undefined;
    const below = path.indexOf("/", 1);
    const place = below === -1 ? path : path.slice(0, below + 1);
    const screens = built.manifest.screens ?? {};
    const links = (Object.hasOwn(screens, place) ? (screens[place] ?? []) : []).map(
      (name) => `    <link rel="modulepreload" href="/assets/${name}" />\n`,
    );
    return built.page.replace("STYLE_NONCE", nonce).replace("    <!-- screen -->\n", links.join(""));
  }

  /** The part of this name in the best encoding that `accept` (an `Accept-Encoding`) takes. */
  asset(name: string, accept: string | null): ConsoleAsset | undefined {
    const built = this.#current();
    const known =
      built !== undefined && Object.hasOwn(built.manifest.files, name) ? built.manifest.files[name] : undefined;
    if (built === undefined || known === undefined) return undefined;
    // What is not compressed has no size in it.
    const encoding = known.gzipBytes === 0 ? undefined : bestEncoding(accept);
    const suffix = encoding === undefined ? "" : encoding === "br" ? ".br" : ".gz";
    const file = `${built.folder}assets/${name}${suffix}`;
    // The maps to the sources do not come along with the packed product.
    return existsSync(file) ? { file, type: known.type, encoding } : undefined;
  }

  #current(): Built | undefined {
    const folder = this.#places.find((place) => existsSync(`${place}manifest.json`));
    if (folder === undefined) return undefined;
    const builtAt = statSync(`${folder}manifest.json`).mtimeMs;
    if (this.#built?.folder !== folder || this.#built.builtAt !== builtAt) {
      const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as Manifest;
      this.#built = { folder, builtAt, manifest, page: readFileSync(`${folder}index.html`, "utf8") };
    }
    return this.#built;
  }
}

/** Brotli before gzip, as far as the client takes them (RFC 9110, 12.5.3). */
function bestEncoding(accept: string | null): "br" | "gzip" | undefined {
  const taken = new Set<string>();
  for (const part of (accept ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    if (!refused) taken.add(coding);
  }
  if (taken.has("br")) return "br";
  return taken.has("gzip") ? "gzip" : undefined;
}
