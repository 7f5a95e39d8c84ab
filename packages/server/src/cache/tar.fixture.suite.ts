// For tests: archives with members as one likes, those that no good program makes included.

export interface Member {
  readonly name: string;
  /** As in the header; a name with a slash at its end is a folder. */
  readonly type?: string;
  readonly link?: string;
  readonly content?: string;
}

export function tarOf(members: readonly Member[]): Buffer {
  return Buffer.concat([...members.map(memberOf), Buffer.alloc(1_024)]);
}

function memberOf({ name, type, link = "", content = "" }: Member): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type ?? (name.endsWith("/") ? "5" : "0"), 156);
  header.write(link, 157, 100);
  header.write("ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
