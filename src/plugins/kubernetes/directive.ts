/** The kubernetes directive: its arguments and options (CoreDNS plugin/kubernetes, `search_path` of ours). */
import { resolve } from 'node:path';
import { durationArgument } from '../../corefile/duration.js';
import { directiveFault, gatherFaults, throwFaults } from '../../corefile/faults.js';
import {
  integerArgument,
  noArguments,
  type OptionReaders,
  oneArgument,
  oneOf,
  readOptions,
  someArguments,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { isReverseZone } from '../../corefile/reverse-zone.js';
import { zonesOfArguments } from '../../corefile/zone-arguments.js';
import { canonicalName, isName } from '../../dns/name.js';
import type { SvcdnsError } from '../../errors.js';
import { onlyDirective } from '../only-directive.js';
import type { ParseContext, Plugin } from '../plugin.js';
import type { KubernetesAccess, KubernetesOptions } from './options.js';

/** `kubernetes [ZONES...] { ... }`; each option is listed in docs/corefile.md. */
export const kubernetesPlugin: Plugin<KubernetesOptions> = {
  name: 'kubernetes',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): KubernetesOptions {
    const directive = onlyDirective(directives);
    const faults: SvcdnsError[] = [];
    let zones: readonly string[] = [];
    gatherFaults(faults, () => {
      zones = kubernetesZones(directive, context);
    });
    const draft = newDraft(directive, zones);
    gatherFaults(faults, () => {
      readOptions(directive, optionReaders(draft, context));
    });
    faults.push(...contradictions(draft, directive));
    throwFaults(faults);
    return draft.options;
  },
};

/** Options while they are being read. */
interface Draft {
  options: KubernetesOptions;
  access: KubernetesAccess;
  /** Lines of options that may contradict each other. */
  readonly lines: Map<string, Directive>;
}

function newDraft({ place }: Directive, zones: readonly string[]): Draft {
  const options: KubernetesOptions = {
    zones,
    forwardZones: zones.filter((zone) => !isReverseZone(zone)),
    reverseZones: zones.filter(isReverseZone),
    access: {},
    namespaces: [],
    namespaceLabels: '',
    labels: '',
    pods: 'disabled',
    endpointPodNames: false,
    ttlSeconds: 5,
    noEndpoints: false,
    fallthrough: [],
    ignoreEmptyService: false,
    startupTimeoutMs: 5_000,
    searchPath: 'on',
    searchDomains: [],
    place,
  };
  return { options, access: {}, lines: new Map() };
}

/** The block's zones where none are named; the first forward zone is the one that PTR records point into. */
function kubernetesZones(directive: Directive, context: ParseContext): readonly string[] {
  const zones = zonesOfArguments(directive.args, context.zones, directive.place);
  if (zones.some((zone) => !isReverseZone(zone))) return zones;
  throw directiveFault(
    'kubernetes has reverse zones only',
    directive.place,
    'add the cluster domain, as kubernetes cluster.local in-addr.arpa ip6.arpa',
  );
}

/** One entry an option. */
function optionReaders(draft: Draft, context: ParseContext): OptionReaders {
  const set = (part: Partial<KubernetesOptions>): void => {
    draft.options = { ...draft.options, ...part };
  };
  const setAccess = (part: KubernetesAccess): void => {
    draft.access = { ...draft.access, ...part };
    set({ access: draft.access });
  };
  const file = (name: string): string => resolve(context.directory, name);
  const readers: OptionReaders = {
    endpoint: (line) => setAccess({ endpoint: endpointUrl(line) }),
    tls: (line) => {
      const [cert, key, ca, surplus] = line.args;
      if (cert === undefined || key === undefined || ca === undefined || surplus !== undefined) {
        throw directiveFault('tls takes three files', line.place, 'write tls CERT KEY CA');
      }
      setAccess({ tls: { cert: file(cert), key: file(key), ca: file(ca) } });
    },
    kubeconfig: (line) => {
      const [path, context_, surplus] = line.args;
      if (path === undefined || surplus !== undefined) {
        const mend = 'write kubeconfig FILE [CONTEXT]';
        throw directiveFault('kubeconfig takes a file and a context', line.place, mend);
      }
      const named = context_ === undefined ? {} : { context: context_ };
      setAccess({ kubeconfig: { file: file(path), ...named } });
    },
    namespaces: (line) =>
      set({ namespaces: [...draft.options.namespaces, ...namespaceNames(line)] }),
    namespace_labels: (line) => set({ namespaceLabels: labelSelector(line) }),
    labels: (line) => set({ labels: labelSelector(line) }),
    pods: (line) => set({ pods: oneOf(line, ['disabled', 'insecure', 'verified']) }),
    endpoint_pod_names: (line) => {
      noArguments(line);
      set({ endpointPodNames: true });
    },
    ttl: (line) =>
      set({
        ttlSeconds: integerArgument(line, oneArgument(line, 'seconds'), { min: 0, max: 3600 }),
      }),
    noendpoints: (line) => {
      noArguments(line);
      set({ noEndpoints: true });
    },
    fallthrough: (line) => set({ fallthrough: zonesOfArguments(line.args, ['.'], line.place) }),
    ignore: (line) => {
      oneOf(line, ['empty_service']);
      set({ ignoreEmptyService: true });
    },
    startup_timeout: (line) =>
      set({ startupTimeoutMs: durationArgument(line, oneArgument(line, 'duration')) }),
    search_path: (line) => set(searchPathOf(line)),
    apiserver_qps: checkRate,
    apiserver_burst: checkCount,
    apiserver_max_inflight: checkCount,
    multicluster: refuse('svcdns does not serve multicluster zones yet'),
    zonal: refuse('svcdns does not serve zone-scoped names yet'),
  };
  return Object.fromEntries(
    Object.entries(readers).map(([name, read]) => [
      name,
      (line: Directive): void => {
        draft.lines.set(name, line);
        read(line);
      },
    ]),
  );
}

/** The first of the API servers, as in CoreDNS; without a scheme it is http, as in client-go. */
function endpointUrl(line: Directive): string {
  const [text = ''] = someArguments(line, 'url');
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url) || !/^https?:\/\/[^/]/i.test(url)) {
    const mend = 'write endpoint https://HOST:PORT';
    throw directiveFault(`endpoint: "${text}" is no URL`, line.place, mend);
  }
  return url;
}

/** Namespace names are DNS labels (RFC 1123), so anything else is a mistake in the file. */
function namespaceNames(line: Directive): readonly string[] {
  const names = someArguments(line, 'namespace');
  for (const name of names) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
      const mend = 'part names by blanks; lower case letters, digits and hyphens';
      throw directiveFault(`namespaces: "${name}" is no namespace`, line.place, mend);
    }
  }
  return names;
}

const LABEL_KEY = String.raw`(?:[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?\/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?`;
const LABEL_VALUE = String.raw`([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?`;
const REQUIREMENT = new RegExp(
  String.raw`^\s*(?:!?\s*${LABEL_KEY}|${LABEL_KEY}\s*(?:==?|!=)\s*${LABEL_VALUE}|${LABEL_KEY}\s+(?:in|notin)\s*\(\s*${LABEL_VALUE}(\s*,\s*${LABEL_VALUE})*\s*\))\s*$`,
);

/** A label selector in the API's syntax; commas between requirements are those outside of parentheses. */
function labelSelector(line: Directive): string {
  const text = someArguments(line, 'selector').join(' ');
  for (const requirement of text.split(/,(?![^(]*\))/)) {
    if (requirement.length > 4_096 || !REQUIREMENT.test(requirement)) {
      const mend = 'write it like app=web, app in (a, b), !canary';
      throw directiveFault(`${line.name}: "${text}" is no label selector`, line.place, mend);
    }
  }
  return text;
}

/** Taken for the sake of existing files: like in CoreDNS it changes nothing, since no query asks the API. */
function checkRate(line: Directive): void {
  const text = oneArgument(line, 'rate');
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) {
    throw directiveFault(`${line.name}: "${text}" is no rate`, line.place, 'write a number from 0');
  }
}

function checkCount(line: Directive): void {
  integerArgument(line, oneArgument(line, 'count'), { min: 0, max: 2 ** 31 - 1 });
}

function refuse(why: string): (line: Directive) => void {
  return (line) => {
    throw directiveFault(`${line.name}: ${why}`, line.place, 'remove the option');
  };
}

/** Options that cannot stand together. */
function contradictions({ options, access, lines }: Draft, directive: Directive): SvcdnsError[] {
  const faults: SvcdnsError[] = [];
  const fault = (option: string, message: string, mend: string): void => {
    faults.push(directiveFault(message, (lines.get(option) ?? directive).place, mend));
  };
  if (options.namespaces.length > 0 && options.namespaceLabels !== '') {
    fault(
      'namespace_labels',
      'namespaces and namespace_labels exclude each other',
      'keep one of them',
    );
  }
  if (lines.has('tls') && !lines.has('endpoint') && access.kubeconfig === undefined) {
    fault('tls', 'tls means nothing without endpoint', 'add endpoint URL, or remove tls');
  }
  if (options.ignoreEmptyService && options.noEndpoints) {
    const message =
      'with noendpoints every service looks empty, so that ignore would hide them all';
    fault('ignore', message, 'keep one of them');
  }
  return faults;
}

/** `search_path on|off`, `search_path outside [DOMAIN...]`. */
function searchPathOf(line: Directive): Pick<KubernetesOptions, 'searchPath' | 'searchDomains'> {
  const [mode, ...domains] = line.args;
  if (mode !== 'outside') {
    return { searchPath: oneOf(line, ['on', 'off', 'outside']), searchDomains: [] };
  }
  const searchDomains = domains.map((domain) => {
    if (isName(domain)) return canonicalName(domain);
    throw directiveFault(
      `search_path: "${domain}" is no domain`,
      line.place,
      'write the search domains of the nodes, as in their resolv.conf',
    );
  });
  return { searchPath: 'outside', searchDomains };
}
