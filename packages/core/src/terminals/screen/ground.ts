// Where in a stream of output a terminal is between two things: not within an escape sequence, nor within a character. Only
// there a screen can be cut off from what comes next. The states are those of the DEC parser as xterm.js has it
// (vt100.net/emu/dec_ansi_parser).

const ground = 0;
const escape = 1;
const csi = 2;
/** OSC: ended by BEL too. */
const osc = 3;
/** DCS, SOS, PM and APC. */
const text = 4;
type State = typeof ground | typeof escape | typeof csi | typeof osc | typeof text;

const bel = 0x07;
const can = 0x18;
const sub = 0x1a;
const esc = 0x1b;
/** First byte of the C1 controls in UTF-8. */
const c1Lead = 0xc2;

export class GroundFinder {
  #state: State = ground;
  /** Bytes that the character still needs. */
  #missing = 0;
  #afterC1Lead = false;

  /** Whether the end of what was read is such a place. */
  get atGround(): boolean {
    return this.#state === ground && this.#missing === 0;
  }

  /** Reads on; answers how many of the bytes lie before the last such place in them, undefined when there is none. */
  read(bytes: Uint8Array): number | undefined {
    let last: number | undefined;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      // Most of all output.
      if (byte >= 0x20 && byte < 0x7f && this.#state === ground) this.#missing = 0;
      else this.#take(byte);
      if (this.#state === ground && this.#missing === 0) last = index + 1;
    }
    return last;
  }

  #take(byte: number): void {
    if (byte >= 0x80 && byte < 0xc0) {
      if (this.#missing === 0) return;
      this.#missing--;
      if (this.#afterC1Lead && byte < 0xa0) this.#control(byte);
      else if (this.#missing === 0) this.#character();
      this.#afterC1Lead = false;
      return;
    }
    this.#afterC1Lead = byte === c1Lead;
    this.#missing = byte < 0xc2 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf5 ? 3 : 0;
    if (byte < 0x80) this.#ascii(byte);
  }

  #ascii(byte: number): void {
    if (byte === esc) this.#state = escape;
    else if (byte === can || byte === sub) this.#state = ground;
    else if (this.#state === escape) this.#state = afterEscape(byte);
    else if (this.#state === csi && byte >= 0x40 && byte < 0x7f) this.#state = ground;
    else if (this.#state === osc && byte === bel) this.#state = ground;
  }

  /** A character beyond ASCII has no place in a sequence and ends it. */
  #character(): void {
    if (this.#state === escape || this.#state === csi) this.#state = ground;
  }

  /** C1 controls: ECMA-48, section 8.2.1. */
  #control(byte: number): void {
    if (byte === 0x9b) this.#state = csi;
    else if (byte === 0x9d) this.#state = osc;
    else if (byte === 0x90 || byte === 0x98 || byte === 0x9e || byte === 0x9f) this.#state = text;
    else this.#state = ground;
  }
}

function afterEscape(byte: number): State {
  if (byte === 0x5b) return csi; // [
  if (byte === 0x5d) return osc; // ]
  if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) return text; // P X ^ _
  return byte >= 0x30 && byte < 0x7f ? ground : escape;
}
