/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { LARGE_SIZE, QUICK_SIZE, type SeedSize, USUAL_SIZE } from './seed.js';
import { WORKLOADS } from './workloads.js';

export interface BenchOptions {
  readonly size: SeedSize;
  readonly rounds: number;
  /** Of one cell. */
  readonly seconds: number;
  /** Ids; every workload when not given. */
  readonly workloads: ReadonlySet<string>;
  /** Which parts run. */
  readonly phases: ReadonlySet<Phase>;
  /** How many changes are timed, and how many starts. */
  readonly changes: number;
  readonly starts: number;
  /** Of the part with many endpoints. */
  readonly largeSize: SeedSize;
  /** Where the report goes; undefined: docs/benchmarks.md. */
  readonly output: string | undefined;
  /** As it was typed, for the report. */
  readonly command: string;
}

/** Workloads on a real control plane; changes and starts there; many endpoints by a replayed API. */
export type Phase = 'load' | 'change' | 'scale';

export const USAGE: string = `usage: npm run bench [-- OPTIONS]

  --quick             a few seconds in all places, a tenth of the services; prints, writes no report
  --only ID[,ID]      these workloads and nothing else: ${WORKLOADS.map(({ id }) => id).join(' ')}
  --scale             only the part with 10,000 services and 150,000 endpoints
  --rounds N          rounds over all servers (3)
  --seconds N         seconds of load a cell (4)
  --output FILE       where the report goes (docs/benchmarks.md)
`;

/** @throws Error with {@link USAGE} for anything unknown */
export function benchOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      scale: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      output: { type: 'string' },
    },
  });
  const { quick, only, scale } = values;
  const workloads = new Set(only?.split(',') ?? WORKLOADS.map(({ id }) => id));
  const known = new Set(WORKLOADS.map(({ id }) => id));
  for (const id of workloads) {
    if (!known.has(id)) throw new Error(`there is no workload ${id}\n\n${USAGE}`);
  }
  const isPart = quick || only !== undefined || scale;
  return {
    size: quick ? QUICK_SIZE : USUAL_SIZE,
    rounds: wholeNumber(values.rounds, quick ? 1 : 3, '--rounds'),
    seconds: wholeNumber(values.seconds, quick ? 2 : 4, '--seconds'),
    workloads,
    phases: phasesOf(only, scale),
    changes: quick ? 10 : 100,
    starts: quick ? 1 : 5,
    largeSize: quick ? { ...LARGE_SIZE, headless: 100, clusterIP: 900 } : LARGE_SIZE,
    output: values.output ?? (isPart ? '' : undefined),
    command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
  };
}

function phasesOf(only: string | undefined, scale: boolean): ReadonlySet<Phase> {
  if (scale) return new Set(['scale']);
  if (only !== undefined) return new Set(['load']);
  return new Set(['load', 'change', 'scale']);
}

function wholeNumber(text: string | undefined, usual: number, flag: string): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} ${text}\n\n${USAGE}`);
  return value;
}
