/** One zone's table as its owner sees it: names in units that are replaced as a whole. */
import type { OwnerRecords } from '../records/rrset.js';
import { compileEntry, type ZoneContext } from './answer-compiler.js';
import { createTableMemory } from './table-memory.js';
import { TableWriter } from './table-writer.js';

/** The writer's side of a zone. */
export class ZoneTable {
  readonly writer: TableWriter;
  readonly context: ZoneContext;
  /** Offsets of the entries of each unit: names that are derived together. */
  readonly #units = new Map<string, readonly number[]>();

  constructor(context: ZoneContext, capacity?: number) {
    this.context = context;
    this.writer = new TableWriter(createTableMemory(capacity));
  }

  /** What a reader needs to open the table. */
  get buffer(): SharedArrayBuffer {
    return this.writer.memory.buffer;
  }

  /**
   * Makes a unit consist of exactly these names: changed ones are published first, then those that are
   * gone are taken out. Names of other units are never touched.
   * @returns whether anything changed for a reader.
   */
  replaceUnit(unit: string, owners: readonly OwnerRecords[]): boolean {
    const before = this.#units.get(unit) ?? [];
    const gone = new Map(
      before.map((offset) => [this.#keyText(offset), this.writer.hashAt(offset)]),
    );
    const after: number[] = [];
    let changed = false;
    for (const owner of owners) {
      const published = this.writer.publish(compileEntry(owner, this.context));
      after.push(published.offset);
      if (gone.size > 0) gone.delete(this.#keyText(published.offset));
      changed ||= published.changed;
    }
    for (const [key, hash] of gone) {
      this.writer.remove(Buffer.from(key, 'latin1'), hash);
      changed = true;
    }
    if (after.length > 0) this.#units.set(unit, after);
    else this.#units.delete(unit);
    return changed;
  }

  #keyText(offset: number): string {
    return Buffer.from(this.writer.keyAt(offset)).toString('latin1');
  }
}
