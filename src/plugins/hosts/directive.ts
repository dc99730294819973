/** The hosts directive: `hosts [FILE [ZONES...]] { ... }` (CoreDNS plugin/hosts). */
import { resolve } from 'node:path';
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault, gatherFaults, throwFaults } from '../../corefile/faults.js';
import {
  integerArgument,
  noArguments,
  type OptionReaders,
  oneArgument,
  readOptions,
  someArguments,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { canonicalName } from '../../dns/name.js';
import type { SvcdnsError } from '../../errors.js';
import { onlyDirective } from '../only-directive.js';
import type { DataEnvironment, ParseContext, Plugin } from '../plugin.js';
import { HostsHandler } from './handler.js';
import { hostsAddress, isHostName } from './hosts-text.js';
import { HOSTS_DEFAULTS, type HostsEntry, type HostsOptions } from './options.js';

const MAX_TTL = 2 ** 31 - 1;

export const hostsPlugin: Plugin<HostsOptions> = {
  name: 'hosts',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): HostsOptions {
    const directive = onlyDirective(directives);
    const [file = HOSTS_DEFAULTS.file, ...zones] = directive.args;
    const draft: Draft = {
      file: resolve(context.directory, file),
      zones: zonesOfArguments(zones, context.zones, directive.place),
      inline: [],
      ttlSeconds: HOSTS_DEFAULTS.ttlSeconds,
      noReverse: false,
      reloadMs: HOSTS_DEFAULTS.reloadMs,
      fallthrough: [],
      fallthroughUnsupported: false,
      place: directive.place,
    };
    readLines(directive, draft);
    if (draft.fallthroughUnsupported && draft.fallthrough.length === 0) {
      throw directiveFault(
        'hosts: fallthrough_unsupported needs fallthrough',
        directive.place,
        'add a line fallthrough',
      );
    }
    return draft;
  },
  handler(options: HostsOptions, environment: DataEnvironment) {
    return new HostsHandler(options, environment);
  },
};

type Draft = { -readonly [K in keyof HostsOptions]: HostsOptions[K] };

/** A line is an option, or an address with its names. */
function readLines(directive: Directive, draft: Draft): void {
  const faults: SvcdnsError[] = [];
  const isEntry = (line: Directive): boolean => hostsAddress(line.name) !== undefined;
  const options = directive.body.filter((line) => !isEntry(line));
  gatherFaults(faults, () => readOptions({ ...directive, body: options }, readersOf(draft)));
  for (const line of directive.body.filter(isEntry)) {
    gatherFaults(faults, () => {
      draft.inline = [...draft.inline, entryOfLine(line)];
    });
  }
  throwFaults(faults);
}

/** One entry an option. */
function readersOf(draft: Draft): OptionReaders {
  return {
    ttl: (line) => {
      const text = oneArgument(line, 'seconds');
      draft.ttlSeconds = integerArgument(line, text, { min: 0, max: MAX_TTL });
    },
    no_reverse: (line) => {
      noArguments(line);
      draft.noReverse = true;
    },
    reload: (line) => {
      draft.reloadMs = durationArgument(line, oneArgument(line, 'duration'));
    },
    fallthrough: (line) => {
      draft.fallthrough = zonesOfArguments(line.args, ['.'], line.place);
    },
    fallthrough_unsupported: (line) => {
      noArguments(line);
      draft.fallthroughUnsupported = true;
    },
  };
}

function entryOfLine(line: Directive): HostsEntry {
  const names = someArguments(line, 'host name');
  const wrong = names.find((name) => !isHostName(name));
  if (wrong !== undefined) {
    throw directiveFault(`hosts: "${wrong}" is no host name`, line.place, 'write ADDRESS NAME...');
  }
  const address = hostsAddress(line.name);
  if (address === undefined) throw new Error(`${line.name} was an address a moment ago`);
  return { address, names: names.map(canonicalName) };
}
