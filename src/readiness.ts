/** What /ready says: which first lists are missing, or that the server is going away. */
import { type KubernetesPart, missingOf } from './kubernetes-part.js';

export class Readiness {
  #parts: readonly KubernetesPart[] = [];
  #published = false;
  #stopping = false;

  /** The parts whose names have to be known. */
  wait(parts: readonly KubernetesPart[]): void {
    this.#parts = parts;
    this.#published = parts.length === 0;
  }

  /** All names are published. Holds for good: what becomes of the API later takes nothing away. */
  setPublished(): void {
    this.#published = true;
  }

  setStopping(): void {
    this.#stopping = true;
  }

  /** What is missing, one item a line; empty: ready. */
  missing(): readonly string[] {
    if (this.#stopping) return ['the server is stopping'];
    if (this.#published) return [];
    const missing = this.#parts.flatMap(missingOf);
    return missing.length > 0 ? missing : ['kubernetes: names are being compiled'];
  }
}
