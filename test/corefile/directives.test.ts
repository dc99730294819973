import { describe, expect, it } from 'vitest';
import { planText } from '../../src/corefile/loader.js';
import { PLUGIN_REGISTRY } from '../../src/plugins/registry.js';

const load = { env: {}, registry: PLUGIN_REGISTRY, cwd: '/etc/coredns' };
const KEYS = 'cluster.local 10.in-addr.arpa';

/** Options of the only directive of a block. */
function optionsOf(directive: string): unknown {
  const { plan, faults } = planText(`${KEYS} {\n${directive}\n}`, 'Corefile', load);
  expect(faults?.map((fault) => fault.line)).toBeUndefined();
  expect(plan?.blocks[0]?.directives).toHaveLength(1);
  return plan?.blocks[0]?.directives[0]?.options;
}

/** `LINE: message (mend)` of each fault; the directive starts on line 2. */
function faultsOf(directive: string): string[] {
  const { faults } = planText(`${KEYS} {\n${directive}\n}`, 'Corefile', load);
  expect(faults?.every((fault) => fault.code === 'COREFILE_DIRECTIVE')).toBe(true);
  return (faults ?? []).map((fault) => fault.line.replace('Corefile:', ''));
}

describe('errors', () => {
  it('takes rules and stacktrace', () => {
    expect(optionsOf('errors')).toEqual({ consolidate: [], stacktrace: false });
    expect(
      optionsOf(
        'errors stdout {\n stacktrace\n consolidate 5m "(?i)^read .* timeout$" warning show_first\n consolidate 30s ^x\n}',
      ),
    ).toEqual({
      stacktrace: true,
      consolidate: [
        {
          periodMs: 300_000,
          pattern: { source: '^read .* timeout$', flags: 'i' },
          level: 'warning',
          showFirst: true,
        },
        {
          periodMs: 30_000,
          pattern: { source: '^x', flags: '' },
          level: 'error',
          showFirst: false,
        },
      ],
    });
  });

  it('faults bad rules', () => {
    const form = 'write consolidate DURATION REGEXP [LEVEL] [show_first]';
    const levels = `${form}, LEVEL one of warning, error, info, debug`;
    expect(
      faultsOf(
        'errors {\n consolidate 5m\n consolidate 5m x loud\n consolidate 5m x show_first info\n consolidate 5m (\n consolidate x y\n}',
      ),
    ).toEqual([
      `3: consolidate lacks its duration or pattern (${form})`,
      `4: consolidate: "loud" is not expected here (${levels})`,
      `5: consolidate: "info" is not expected here (${levels})`,
      '6: consolidate: "(" is no regular expression: unterminated group (correct it)',
      '7: consolidate: "x" is no duration (write it like 5s, 1m30s or 500ms)',
    ]);
    expect(faultsOf('errors /var/log/x')).toEqual([
      '2: errors: cannot write to "/var/log/x" (remove it; svcdns logs to standard output)',
    ]);
  });
});

describe('log', () => {
  const common =
    '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';

  it('takes names, a format and classes, and adds up', () => {
    expect(optionsOf('log')).toEqual({ rules: [{ zone: '.', format: common, classes: ['all'] }] });
    expect(
      optionsOf(
        'log Example.ORG b "{name} {common}" {\n class denial error\n class error\n}\nlog . {combined}',
      ),
    ).toEqual({
      rules: [
        { zone: 'example.org.', format: `{name} ${common}`, classes: ['denial', 'error'] },
        { zone: 'b.', format: `{name} ${common}`, classes: ['denial', 'error'] },
        { zone: '.', format: `${common} "{>opcode}"`, classes: ['all'] },
      ],
    });
  });

  it('faults an unknown class, none, and an unknown option', () => {
    expect(faultsOf('log {\n class good\n class\n clas all\n}')).toEqual([
      '3: class has no value "good" (one of: all, denial, error, success)',
      '4: class lacks its class (write class CLASS...)',
      '5: log has no option "clas" (did you mean class? known: class)',
    ]);
  });
});

describe('health', () => {
  it('takes an address and lameduck', () => {
    expect(optionsOf('health')).toEqual({ address: { host: '', port: 8080 }, lameduckMs: 0 });
    expect(optionsOf('health localhost:8091 {\n lameduck 1m5s\n}')).toEqual({
      address: { host: 'localhost', port: 8091 },
      lameduckMs: 65_000,
    });
    expect(optionsOf('health localhost:')).toMatchObject({
      address: { host: 'localhost', port: 0 },
    });
    expect(optionsOf('health [::1]:1')).toMatchObject({ address: { host: '::1', port: 1 } });
  });

  it('faults what it cannot take', () => {
    expect(faultsOf('health 8080')).toEqual([
      '2: health: "8080" is no address to listen on (write :PORT, HOST:PORT or [IPv6]:PORT)',
    ]);
    expect(faultsOf('health :65536')).toHaveLength(1);
    expect(faultsOf('health a b')).toEqual([
      '2: health takes one address, found 2 (write health ADDRESS)',
    ]);
    expect(
      faultsOf('health {\n lameduck\n lameduck 5\n lameduk 5s\n lameduck 5s {\n }\n}'),
    ).toEqual([
      '3: lameduck lacks its duration (write lameduck DURATION)',
      '4: lameduck: duration "5" has no unit (write 5s for seconds)',
      '5: health has no option "lameduk" (did you mean lameduck? known: lameduck)',
      '6: lameduck takes no block of its own (remove its braces)',
    ]);
  });
});

describe('ready', () => {
  it('takes an address and monitor', () => {
    expect(optionsOf('ready')).toEqual({
      address: { host: '', port: 8181 },
      monitor: 'until-ready',
    });
    expect(optionsOf('ready 127.0.0.1:1 {\n monitor continuously\n}')).toEqual({
      address: { host: '127.0.0.1', port: 1 },
      monitor: 'continuously',
    });
  });

  it('faults another way to monitor', () => {
    expect(faultsOf('ready {\n monitor always\n}')).toEqual([
      '3: monitor has no value "always" (one of: until-ready, continuously)',
    ]);
  });
});

describe('prometheus', () => {
  it('takes an address, runtime_metrics and a TLS configuration', () => {
    expect(optionsOf('prometheus')).toEqual({
      address: { host: 'localhost', port: 9153 },
      runtimeMetrics: false,
    });
    expect(optionsOf('prometheus :9154 {\n runtime_metrics\n tls web.yml\n}')).toEqual({
      address: { host: '', port: 9154 },
      runtimeMetrics: true,
      tlsConfigFile: '/etc/coredns/web.yml',
    });
  });

  it('faults an argument too many', () => {
    expect(faultsOf('prometheus :9154 {\n runtime_metrics all\n}')).toEqual([
      '3: runtime_metrics takes no argument, found "all" (remove it)',
    ]);
  });
});

describe('loop, debug and bufsize', () => {
  it('take what they may', () => {
    expect(optionsOf('loop')).toEqual({ zone: 'cluster.local.' });
    expect(optionsOf('debug\ndebug')).toEqual({});
    expect(optionsOf('bufsize')).toEqual({ sizeBytes: 1232 });
    expect(optionsOf('bufsize 4096')).toEqual({ sizeBytes: 4096 });
  });

  it('fault what they may not', () => {
    expect(faultsOf('loop .')).toEqual(['2: loop takes no argument, found "." (remove it)']);
    expect(faultsOf('debug {\n x\n}')).toEqual([
      '3: debug has no options, found "x" (remove the line)',
    ]);
    for (const size of ['511', '4097', 'big', '1232.5']) {
      expect(faultsOf(`bufsize ${size}`)).toEqual([
        `2: bufsize: "${size}" is no whole number from 512 to 4096 (write such a number)`,
      ]);
    }
  });
});

describe('reload', () => {
  it('bounds the jitter by half of the interval', () => {
    expect(optionsOf('reload')).toEqual({ intervalMs: 30_000, jitterMs: 15_000 });
    expect(optionsOf('reload 10s')).toEqual({ intervalMs: 10_000, jitterMs: 5_000 });
    expect(optionsOf('reload 1m 2s')).toEqual({ intervalMs: 60_000, jitterMs: 2_000 });
    expect(optionsOf('reload 1m 0s')).toEqual({ intervalMs: 60_000, jitterMs: 0 });
  });

  it('faults what is too short or too much', () => {
    expect(faultsOf('reload 1s')).toEqual([
      '2: reload: interval 1s is too short (write 2s or more)',
    ]);
    expect(faultsOf('reload 5s 500ms')).toEqual([
      '2: reload: jitter 500ms is too short (write 0s, or 1s or more)',
    ]);
    expect(faultsOf('reload 5s 1s 1s')).toEqual([
      '2: reload takes an interval and a jitter (write reload 30s 15s)',
    ]);
  });
});

describe('loadbalance', () => {
  it('takes round_robin and preferred networks', () => {
    expect(optionsOf('loadbalance')).toEqual({ policy: 'round_robin', prefer: [] });
    expect(
      optionsOf('loadbalance round_robin {\n prefer 10.0.0.0/8 fd00::/8\n prefer 192.0.2.0/24\n}'),
    ).toEqual({ policy: 'round_robin', prefer: ['10.0.0.0/8', 'fd00::/8', '192.0.2.0/24'] });
  });

  it('faults weighted by name, another policy and a bad network', () => {
    expect(faultsOf('loadbalance weighted /w')).toEqual([
      '2: loadbalance: svcdns has no policy weighted (write loadbalance round_robin)',
    ]);
    expect(faultsOf('loadbalance random')).toEqual([
      '2: loadbalance: there is no policy "random" (write loadbalance round_robin)',
    ]);
    expect(faultsOf('loadbalance {\n prefer 10.0.0.0\n}')).toEqual([
      '3: prefer: "10.0.0.0" is no CIDR (write ADDRESS/MASK)',
    ]);
  });
});

describe('bind', () => {
  it('takes addresses and interfaces, exceptions, and adds up', () => {
    expect(optionsOf('bind 127.0.0.1 ::1 {\n except 127.0.0.1\n}\nbind eth0')).toEqual({
      groups: [
        {
          listen: [
            { kind: 'address', name: '127.0.0.1' },
            { kind: 'address', name: '::1' },
          ],
          except: [{ kind: 'address', name: '127.0.0.1' }],
        },
        { listen: [{ kind: 'interface', name: 'eth0' }], except: [] },
      ],
    });
  });

  it('faults an empty list and what is neither', () => {
    expect(faultsOf('bind')).toHaveLength(1);
    for (const text of ['127.0.0.1:53', '256.0.0.1', '10.0.0.0/8', 'averylonginterfacename']) {
      expect(faultsOf(`bind ${text}`)).toEqual([
        `2: bind: "${text}" is neither an address nor an interface (write an IP address without a port, or the name of an interface)`,
      ]);
    }
  });
});

describe('kubernetes', () => {
  const defaults = {
    zones: ['cluster.local.', '10.in-addr.arpa.'],
    forwardZones: ['cluster.local.'],
    reverseZones: ['10.in-addr.arpa.'],
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
    place: { file: 'Corefile', line: 2 },
  };

  it('has the defaults of CoreDNS and the zones of its block', () => {
    expect(optionsOf('kubernetes')).toEqual(defaults);
  });

  it('takes zones of its own, CIDRs among them', () => {
    expect(optionsOf('kubernetes in-addr.arpa Cluster.Local 10.0.0.0/15')).toMatchObject({
      zones: ['in-addr.arpa.', 'cluster.local.', '0.10.in-addr.arpa.', '1.10.in-addr.arpa.'],
      forwardZones: ['cluster.local.'],
    });
  });

  it('takes every option', () => {
    expect(
      optionsOf(`kubernetes {
        endpoint https://127.0.0.1:6443 https://127.0.0.1:7443
        tls cert.pem /pki/key.pem ca.pem
        kubeconfig ../kube/config admin
        namespaces a b
        namespaces c
        labels "app in (web, api),tier!=test," !canary,example.org/x
        pods verified
        endpoint_pod_names
        ttl 0
        fallthrough in-addr.arpa 10.0.0.0/8
        ignore empty_service
        startup_timeout 1m
        search_path outside
        apiserver_qps 0.5
        apiserver_burst 10
        apiserver_max_inflight 3
      }`),
    ).toEqual({
      ...defaults,
      access: {
        endpoint: 'https://127.0.0.1:6443',
        tls: { cert: '/etc/coredns/cert.pem', key: '/pki/key.pem', ca: '/etc/coredns/ca.pem' },
        kubeconfig: { file: '/etc/kube/config', context: 'admin' },
      },
      namespaces: ['a', 'b', 'c'],
      labels: 'app in (web, api),tier!=test, !canary,example.org/x',
      pods: 'verified',
      endpointPodNames: true,
      ttlSeconds: 0,
      fallthrough: ['in-addr.arpa.', '10.in-addr.arpa.'],
      ignoreEmptyService: true,
      startupTimeoutMs: 60_000,
      searchPath: 'outside',
      searchDomains: [],
    });
  });

  it('takes a bare fallthrough, noendpoints, namespace labels and a schemeless endpoint', () => {
    expect(
      optionsOf(
        'kubernetes {\n fallthrough\n noendpoints\n namespace_labels env=prod\n endpoint k8s:8080\n}',
      ),
    ).toEqual({
      ...defaults,
      fallthrough: ['.'],
      noEndpoints: true,
      namespaceLabels: 'env=prod',
      access: { endpoint: 'http://k8s:8080' },
    });
  });

  it('faults each bad value on its line', () => {
    expect(
      faultsOf(`kubernetes {
        endpoint https://
        tls a b
        kubeconfig
        namespaces a,b
        labels "a in b"
        namespace_labels =x
        pods enabled
        endpoint_pod_names yes
        ttl 3601
        noendpoints x
        fallthrough a..b
        ignore
        startup_timeout 5
        search_path yes
        apiserver_qps -1
        apiserver_burst 1.5
        multicluster clusterset.local
        zonal
        upstream
      }`),
    ).toEqual([
      '3: endpoint: "https://" is no URL (write endpoint https://HOST:PORT)',
      '4: tls takes three files (write tls CERT KEY CA)',
      '5: kubeconfig takes a file and a context (write kubeconfig FILE [CONTEXT])',
      '6: namespaces: "a,b" is no namespace (part names by blanks; lower case letters, digits and hyphens)',
      '7: labels: "a in b" is no label selector (write it like app=web, app in (a, b), !canary)',
      '8: namespace_labels: "=x" is no label selector (write it like app=web, app in (a, b), !canary)',
      '9: pods has no value "enabled" (one of: disabled, insecure, verified)',
      '10: endpoint_pod_names takes no argument, found "yes" (remove it)',
      '11: ttl: "3601" is no whole number from 0 to 3600 (write such a number)',
      '12: noendpoints takes no argument, found "x" (remove it)',
      '13: "a..b" is no zone: name "a..b" has an empty label (write a domain name)',
      '14: ignore lacks its value (one of: empty_service)',
      '15: startup_timeout: duration "5" has no unit (write 5s for seconds)',
      '16: search_path has no value "yes" (one of: on, off, outside)',
      '17: apiserver_qps: "-1" is no rate (write a number from 0)',
      '18: apiserver_burst: "1.5" is no whole number from 0 to 2147483647 (write such a number)',
      '19: multicluster: svcdns does not serve multicluster zones yet (remove the option)',
      '20: zonal: svcdns does not serve zone-scoped names yet (remove the option)',
      expect.stringMatching(/^21: kubernetes has no option "upstream" \(known: endpoint, tls, /),
    ]);
  });

  it('faults options that exclude each other', () => {
    expect(
      faultsOf(
        'kubernetes {\n namespaces a\n namespace_labels b\n tls a b c\n noendpoints\n ignore empty_service\n}',
      ),
    ).toEqual([
      '4: namespaces and namespace_labels exclude each other (keep one of them)',
      '5: tls means nothing without endpoint (add endpoint URL, or remove tls)',
      '7: with noendpoints every service looks empty, so that ignore would hide them all (keep one of them)',
    ]);
  });

  it('faults reverse zones without a forward zone, and a second kubernetes', () => {
    expect(faultsOf('kubernetes in-addr.arpa 10.0.0.0/8')).toEqual([
      '2: kubernetes has reverse zones only (add the cluster domain, as kubernetes cluster.local in-addr.arpa ip6.arpa)',
    ]);
    expect(faultsOf('kubernetes\nkubernetes')).toEqual([
      '3: kubernetes stands twice in this block, first at Corefile:2 (keep one of them)',
    ]);
  });
});
