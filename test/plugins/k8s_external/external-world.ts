/** A cluster, the block that names its services for the outside, and a way to ask: bytes in, bytes out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createChain } from '../../../src/chain/chain.js';
import { recordsReply } from '../../../src/chain/reply.js';
import { planText } from '../../../src/corefile/loader.js';
import { RCODE } from '../../../src/dns/rcode.js';
import { recordFromText } from '../../../src/dns/record-text.js';
import { EmbeddedApi } from '../../../src/embedded/embedded-api.js';
import { ExternalSync } from '../../../src/external-sync.js';
import { createKubeWatch } from '../../../src/kube/kube-watch.js';
import { silentLogger } from '../../../src/observe/logger.js';
import { k8sExternalPlugin } from '../../../src/plugins/k8s_external/directive.js';
import { k8sExternalHandler } from '../../../src/plugins/k8s_external/handler.js';
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/directive.js';
import { optionsOf } from '../../../src/plugins/options-of.js';
import type { Plugin } from '../../../src/plugins/plugin.js';
import { decodeMessage } from '../../../src/wire/message.js';
import { Rotation } from '../../../src/zone/reply.js';
import { handler, UDP_CLIENT } from '../../chain/queries.js';
import { askingBytes, messageLines } from '../server-block.js';

/** What both directives' plugins are looked up in: nothing else is in the block. */
const PLUGINS: readonly Plugin<unknown>[] = [k8sExternalPlugin, kubernetesPlugin];
export const REGISTRY: ReadonlyMap<string, Plugin<unknown>> = new Map(
  PLUGINS.map((plugin) => [plugin.name, plugin]),
);
/** What the rest of the chain knows; every other name is refused. */
const ELSEWHERE = ['lb.example.net. 60 IN A 192.0.2.80', 'else.web.example.org. 60 IN A 192.0.2.9'];
/** The address by which the server would find itself behind a service. */
export const OWN_ADDRESS = '192.0.2.53';
/** Time of every batch: the serial. */
const WALL_CLOCK = 1_700_000_000_000;

/** An API with objects from YAML, and its kubeconfig. */
export class ExternalCluster {
  readonly api: EmbeddedApi = new EmbeddedApi();
  readonly folder: string = mkdtempSync(join(tmpdir(), 'svcdns-external-'));

  async open(manifests: string): Promise<void> {
    await this.api.start();
    writeFileSync(this.kubeconfig, this.api.kubeconfig());
    for (const document of parseAllDocuments(manifests)) this.api.apply(document.toJS());
  }

  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  async close(): Promise<void> {
    await this.api.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface ExternalBlock {
  /** What was answered before the first lists were in, to `web.prod.example.org`. */
  readonly early: readonly string[];
  /** The rcode, then records as text; other sections than the answer are named in front. */
  lines(question: string): Promise<readonly string[]>;
  /** Asks after each batch of changes until the answer is as wanted. */
  until(question: string, wanted: (lines: readonly string[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** A block with `k8s_external` as given beside a kubernetes directive, its names published. */
export async function openBlock(
  cluster: ExternalCluster,
  external: string,
  kubernetes = '',
): Promise<ExternalBlock> {
  const body = `${external}\nkubernetes cluster.local {\nkubeconfig ${cluster.kubeconfig}\n${kubernetes}\n}`;
  const { plan, faults } = planText(`. {\n${body}\n}`, 'Corefile', { env: {}, registry: REGISTRY });
  const [block] = plan?.blocks ?? [];
  const options = block && optionsOf(block, k8sExternalPlugin);
  const inside = block && optionsOf(block, kubernetesPlugin);
  if (block === undefined || options === undefined || inside === undefined) {
    throw new Error((faults ?? []).map((fault) => fault.line).join('\n'));
  }
  const source = await createKubeWatch({
    wishes: [{ ...inside, nodes: options.nodeports }],
    env: {},
    logger: silentLogger,
  });
  const sync = new ExternalSync({
    external: options,
    kubernetes: inside,
    source,
    ownAddresses: [OWN_ADDRESS],
    wallClock: () => WALL_CLOCK,
  });
  const waiting: (() => void)[] = [];
  source.onBatch((batch) => {
    sync.apply(batch);
    for (const wake of waiting.splice(0)) wake();
  });
  const elsewhere = ELSEWHERE.map((line) => recordFromText(line));
  const chain = createChain({
    blocks: [block],
    listener: { scheme: 'dns', port: 53 },
    logger: silentLogger,
    handlersOf: () => [
      k8sExternalHandler(options, {
        environment: { resolve: (query) => chain.ask(query) },
        zones: sync.zones(),
        reader: 0,
        rotation: new Rotation(1),
      }),
      handler(async ({ key, qtype }) => {
        const answer = elsewhere.filter(({ owner, type }) => owner === key && type === qtype);
        return recordsReply(answer.length > 0 ? RCODE.NOERROR : RCODE.REFUSED, { answer });
      }),
    ],
  });
  const lines = async (question: string): Promise<readonly string[]> => {
    const reply = await chain.resolve(askingBytes(question), UDP_CLIENT);
    return messageLines(reply && decodeMessage(reply));
  };
  const early = await lines('web.prod.example.org');
  const opened: ExternalBlock = {
    early,
    lines,
    async until(question, wanted) {
      for (;;) {
        const batch = new Promise<void>((resolve) => waiting.push(resolve));
        if (wanted(await lines(question))) return;
        await batch;
      }
    },
    close: () => source.close(),
  };
  await new Promise<void>((resolve) => {
    source.onSynced(resolve);
    source.start();
  });
  await sync.publishAll();
  return opened;
}
