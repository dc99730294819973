/** Odd messages, one a file: what it is, our reply in words, and its octets in hexadecimal. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One file of packets/. */
export interface PacketFile {
  /** File name without ending. */
  readonly name: string;
  /** Its first line. */
  readonly what: string;
  /** Only over this transport; both when absent. */
  readonly transport?: 'udp' | 'tcp';
  /** As {@link describeReply} words it. */
  readonly reply: string;
  readonly octets: Uint8Array;
}

const FOLDER = fileURLToPath(new URL('packets/', import.meta.url));

/** All packets, by name. */
export function readPackets(): PacketFile[] {
  return readdirSync(FOLDER)
    .sort()
    .map((file) => parsePacket(file.replace(/\.hex$/, ''), readFileSync(FOLDER + file, 'utf8')));
}

function parsePacket(name: string, text: string): PacketFile {
  const lines = text.split('\n');
  const field = (key: string): string | undefined =>
    lines.find((line) => line.startsWith(`# ${key}: `))?.slice(key.length + 4);
  const transport = field('transport');
  const reply = field('reply');
  if (reply === undefined) throw new Error(`${name}: no line "# reply:"`);
  const hex = lines.filter((line) => !line.startsWith('#')).join('');
  return {
    name,
    what: lines[0]?.slice(2) ?? '',
    ...(transport === 'udp' || transport === 'tcp' ? { transport } : {}),
    reply,
    octets: Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex')),
  };
}
