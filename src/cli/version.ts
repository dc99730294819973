/** What svcdns says of itself: `-version` and the build information in metrics. */
import { readFileSync } from 'node:fs';

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

/** Two lines in the form of CoreDNS: name and version, then platform and runtime. */
export function versionText(): string {
  return `svcdns-${packageVersion()}\n${process.platform}/${process.arch}, node ${process.version}\n`;
}
