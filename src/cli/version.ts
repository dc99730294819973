/** What svcdns says of itself: `-version` and the build information in metrics. */
import { readFileSync } from 'node:fs';
import { loadLibcSockets } from '../listen/libc-sockets.js';

/** The version in package.json, or `unknown` where that file was left out of an image. */
export function packageVersion(): string {
  try {
    const url = new URL('../../package.json', import.meta.url);
    const content: unknown = JSON.parse(readFileSync(url, 'utf8'));
    const version =
      typeof content === 'object' && content !== null && 'version' in content
        ? content.version
        : undefined;
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** In the form of CoreDNS: name and version, then platform and runtime; then how datagrams are read here. */
export async function versionText(): Promise<string> {
  const libc = await loadLibcSockets();
  const datagrams =
    'reason' in libc ? `one by one (${libc.reason})` : `in batches (${libc.library})`;
  return [
    `svcdns-${packageVersion()}`,
    `${process.platform}/${process.arch}, node ${process.version}`,
    `datagrams ${datagrams}`,
    '',
  ].join('\n');
}
