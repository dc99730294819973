/** The prometheus directive: where /metrics is served. */
import { resolve } from 'node:path';
import { type ListenAddress, listenAddressArgument } from '../../corefile/listen-address.js';
import {
  noArguments,
  oneArgument,
  optionalArgument,
  readOptions,
} from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { onlyDirective } from '../only-directive.js';
import type { ParseContext, Plugin } from '../plugin.js';

export interface PrometheusOptions {
  readonly address: ListenAddress;
  /** Whether Node's own runtime metrics are exported in full. */
  readonly runtimeMetrics: boolean;
  /** Absolute path of a web configuration file (Prometheus exporter toolkit) that switches TLS on. */
  readonly tlsConfigFile?: string;
}

/** `prometheus [ADDRESS] { runtime_metrics; tls FILE }`, default localhost:9153 (CoreDNS plugin/metrics). */
export const prometheusPlugin: Plugin<PrometheusOptions> = {
  name: 'prometheus',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): PrometheusOptions {
    const directive = onlyDirective(directives);
    const text = optionalArgument(directive, 'address');
    let runtimeMetrics = false;
    let tlsConfigFile: string | undefined;
    readOptions(directive, {
      runtime_metrics: (line) => {
        noArguments(line);
        runtimeMetrics = true;
      },
      tls: (line) => {
        tlsConfigFile = resolve(context.directory, oneArgument(line, 'file'));
      },
    });
    const address = listenAddressArgument(directive, text ?? 'localhost:9153');
    return { address, runtimeMetrics, ...(tlsConfigFile === undefined ? {} : { tlsConfigFile }) };
  },
};
