/** What of a stream listener may change at a reload while its socket stays open. Plain data. */
import type { TcpLimits } from './tcp-limits.js';
import type { TlsSettings } from './tls-settings.js';

export interface StreamSettings {
  /** What is left out is the transport's default. */
  readonly limits: Partial<TcpLimits>;
  /** Of `tls://` and `https://` listeners. */
  readonly tls?: TlsSettings;
}
