// What a file is by its name: for headers, and for how it is shown.
import { extname } from "node:path";

const byEnding = new Map(
  Object.entries({
    css: "text/css",
    csv: "text/csv",
    htm: "text/html",
    html: "text/html",
    js: "text/javascript",
    json: "application/json",
    jsx: "text/jsx",
    md: "text/markdown",
    mjs: "text/javascript",
    sh: "application/x-sh",
    svg: "image/svg+xml",
    toml: "application/toml",
    ts: "text/x-typescript",
    tsx: "text/x-typescript",
    txt: "text/plain",
    log: "text/plain",
    xml: "application/xml",
    yaml: "text/yaml",
    yml: "text/yaml",
    avif: "image/avif",
    bmp: "image/bmp",
    gif: "image/gif",
    ico: "image/vnd.microsoft.icon",
    jpeg: "image/jpeg",
    jpg: "image/jpeg",
    png: "image/png",
    webp: "image/webp",
    mp3: "audio/mpeg",
    mp4: "video/mp4",
    ogg: "audio/ogg",
    wasm: "application/wasm",
    wav: "audio/wav",
    webm: "video/webm",
    gz: "application/gzip",
    pdf: "application/pdf",
    tar: "application/x-tar",
    zip: "application/zip",
    ttf: "font/ttf",
    woff: "font/woff",
    woff2: "font/woff2",
    map: "application/json",
  }),
);

const languages = new Map(
  Object.entries({
    c: "c",
    cc: "cpp",
    cpp: "cpp",
    cs: "csharp",
    css: "css",
    go: "go",
    h: "c",
    html: "html",
    java: "java",
    js: "javascript",
    json: "json",
    jsx: "javascript",
    kt: "kotlin",
    less: "less",
    lua: "lua",
    md: "markdown",
    mjs: "javascript",
    php: "php",
    py: "python",
    r: "r",
    rb: "ruby",
    rs: "rust",
    scss: "scss",
    sh: "shell",
    sql: "sql",
    swift: "swift",
    toml: "toml",
    ts: "typescript",
    tsx: "typescript",
    xml: "xml",
    yaml: "yaml",
    yml: "yaml",
  }),
);

const unknown = "application/octet-stream";

export function mediaTypeOf(name: string): string {
  return byEnding.get(endingOf(name)) ?? unknown;
}

/** As editors call it. */
export function languageOf(name: string): string {
  return languages.get(endingOf(name)) ?? "plaintext";
}

export function isTextType(type: string): boolean {
  return type.startsWith("text/") || /^application\/(?:json|xml|toml|x-sh)$/.test(type);
}

function endingOf(name: string): string {
  return extname(name).slice(1).toLowerCase();
}
