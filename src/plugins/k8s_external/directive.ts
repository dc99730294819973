/** The k8s_external directive: its arguments and options (CoreDNS plugin/k8s_external). */
import { directiveFault, gatherFaults, throwFaults } from '../../corefile/faults.js';
import {
  integerArgument,
  noArguments,
  type OptionReaders,
  oneArgument,
  readOptions,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { isReverseZone } from '../../corefile/reverse-zone.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import type { SvcdnsError } from '../../errors.js';
import { isLabel } from '../../records/rrset.js';
import { onlyDirective } from '../only-directive.js';
import type { ParseContext, Plugin } from '../plugin.js';
import type { K8sExternalOptions } from './options.js';

/** `k8s_external [ZONES...] { apex, ttl, headless, fallthrough }` as in CoreDNS, and `nodeports` of ours. */
export const k8sExternalPlugin: Plugin<K8sExternalOptions> = {
  name: 'k8s_external',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): K8sExternalOptions {
    const directive = onlyDirective(directives);
    const faults: SvcdnsError[] = [];
    let zones: readonly string[] = [];
    gatherFaults(faults, () => {
      zones = externalZones(directive, context);
    });
    const draft = {
      zones,
      forwardZones: zones.filter((zone) => !isReverseZone(zone)),
      reverseZones: zones.filter(isReverseZone),
      apex: 'dns',
      ttlSeconds: 5,
      headless: false,
      nodeports: false,
      fallthrough: [] as readonly string[],
      place: directive.place,
    };
    const readers: OptionReaders = {
      apex: (line) => {
        draft.apex = apexLabel(line);
      },
      ttl: (line) => {
        const seconds = oneArgument(line, 'seconds');
        draft.ttlSeconds = integerArgument(line, seconds, { min: 0, max: 3600 });
      },
      headless: (line) => {
        noArguments(line);
        draft.headless = true;
      },
      nodeports: (line) => {
        noArguments(line);
        draft.nodeports = true;
      },
      fallthrough: (line) => {
        draft.fallthrough = zonesOfArguments(line.args, ['.'], line.place);
      },
    };
    gatherFaults(faults, () => readOptions(directive, readers));
    throwFaults(faults);
    return draft;
  },
};

/** The block's zones where none are named. */
function externalZones(directive: Directive, context: ParseContext): readonly string[] {
  const zones = zonesOfArguments(directive.args, context.zones, directive.place);
  if (zones.some((zone) => !isReverseZone(zone))) return zones;
  throw directiveFault(
    'k8s_external has reverse zones only',
    directive.place,
    'add the zone that services are named in, as k8s_external example.org in-addr.arpa',
  );
}

function apexLabel(line: Directive): string {
  const label = oneArgument(line, 'label').toLowerCase();
  if (isLabel(label)) return label;
  throw directiveFault(`apex: "${label}" is no label`, line.place, 'write one label, as dns');
}
