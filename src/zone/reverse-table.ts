/**
 * The table of all reverse zones of one directive: keys are relative to `arpa.`.
 *
 * A PTR name makes the names above it exist (RFC 8020); how many stand below each is counted, so that
 * the last one takes them away again.
 */
import { addressFromText, reverseNameOf } from '../dns/address.js';
import type { RelativeName, RRset } from '../records/rrset.js';
import { hashOctets } from '../wire/query-scan.js';
import { compileEntry, type ZoneContext } from './answer-compiler.js';
import { relativeKey } from './relative-key.js';
import { createTableMemory } from './table-memory.js';
import { TableWriter } from './table-writer.js';

export class ReverseTable {
  readonly writer: TableWriter;
  readonly #context: ZoneContext;
  /** Names directly below each name above a PTR. */
  readonly #children = new Map<RelativeName, number>();
  /** Names that are there for their own sake: zone apexes. */
  readonly #pinned = new Set<RelativeName>();

  /** @param context whose `zone` is the primary forward zone: what PTR targets are relative to */
  constructor(context: ZoneContext, capacity?: number) {
    this.#context = context;
    this.writer = new TableWriter(createTableMemory(capacity));
  }

  get buffer(): SharedArrayBuffer {
    return this.writer.memory.buffer;
  }

  /** Publishes a reverse zone's apex with its NS records. Returns whether a reader sees a change. */
  publishApex(zone: string, rrsets: readonly RRset[]): boolean {
    const name = relativeToArpa(zone);
    this.#pinned.add(name);
    return this.#publish(name, rrsets);
  }

  /**
   * Makes an address point at exactly these names (relative to the primary zone); none: it has no PTR.
   * Returns whether a reader sees a change.
   */
  replaceAddress(address: string, targets: readonly RelativeName[]): boolean {
    const bytes = addressFromText(address);
    if (bytes === undefined) return false;
    const name = relativeToArpa(reverseNameOf(bytes));
    if (targets.length === 0) {
      if (!this.#remove(name)) return false;
      this.#removeParents(name);
      return true;
    }
    const before = this.writer.names;
    const changed = this.#publish(name, [{ type: 'PTR', targets }]);
    if (this.writer.names > before) this.#addParents(name);
    return changed;
  }

  #addParents(name: RelativeName): void {
    const parent = parentOf(name);
    if (parent === undefined) return;
    const children = this.#children.get(parent) ?? 0;
    this.#children.set(parent, children + 1);
    if (children > 0) return;
    if (!this.#pinned.has(parent)) this.#publish(parent, []);
    this.#addParents(parent);
  }

  #removeParents(name: RelativeName): void {
    const parent = parentOf(name);
    if (parent === undefined) return;
    const children = (this.#children.get(parent) ?? 1) - 1;
    if (children > 0) {
      this.#children.set(parent, children);
      return;
    }
    this.#children.delete(parent);
    if (!this.#pinned.has(parent)) this.#remove(parent);
    this.#removeParents(parent);
  }

  #publish(name: RelativeName, rrsets: readonly RRset[]): boolean {
    return this.writer.publish(compileEntry({ name, rrsets }, this.#context)).changed;
  }

  #remove(name: RelativeName): boolean {
    const key = relativeKey(name);
    return this.writer.remove(key, hashOctets(key, 0, key.length));
  }
}

/** `1.0.0.10.in-addr.arpa.` as `1.0.0.10.in-addr`. */
function relativeToArpa(name: string): RelativeName {
  return name.replace(/\.arpa\.?$/, '');
}

function parentOf(name: RelativeName): RelativeName | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? undefined : name.slice(dot + 1);
}
