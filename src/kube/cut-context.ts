/** What cutting an API object down to size needs besides the object: shared texts, and where drops are told. */
import type { Interner } from './interner.js';

export interface CutContext {
  readonly interner: Interner;
  /** Told once for each part, or the whole, that is not kept, with the reason in one line. */
  drop(reason: string): void;
}
