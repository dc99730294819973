/** What the main thread and a data worker say to each other; plain data. */
import type { DataConfiguration } from './data-host.js';
import type { ErrorCode, Place } from './errors.js';

/** What a worker is started with. */
export interface WorkerStart {
  readonly configuration: DataConfiguration;
  /** Its reader number in every table, from 1. */
  readonly reader: number;
  readonly podNamespace: string | undefined;
  /** Where it counts. */
  readonly metrics: SharedArrayBuffer;
}

/** A listener that a worker opened. */
export interface WorkerListener {
  readonly server: string;
  readonly transport: string;
  readonly implementation: string;
  readonly address: string;
  readonly port: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** From a worker. */
export type WorkerReport =
  /** The configuration is in force: the first one, or that of the last order. */
  | { readonly kind: 'applied'; readonly listeners: readonly WorkerListener[] }
  | { readonly kind: 'failed'; readonly fault: WorkerFault }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };

/** Why a worker could not do what it was told, so that the main thread can throw it again. */
export interface WorkerFault {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly where: Place | string | undefined;
  readonly mend: string | undefined;
}

/** To a worker. */
export type WorkerOrder =
  | { readonly kind: 'apply'; readonly configuration: DataConfiguration }
  | { readonly kind: 'close'; readonly drainMs: number };
