/** What the demo says: its Corefile, and the lines to try. */
import type { EmbeddedApi } from '../embedded/embedded-api.js';
import { namespaceOf } from '../embedded/object-identity.js';

/** A block for everything on the loopback address. */
export function demoCorefile(options: {
  readonly port: number;
  readonly kubeconfig: string;
  /** A resolv.conf; undefined: names of the outside are refused. */
  readonly forwardTo: string | undefined;
}): string {
  const { port, kubeconfig, forwardTo } = options;
  return `.:${port} {
    bind 127.0.0.1
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig "${kubeconfig}"
        pods insecure
        ttl 5
        fallthrough in-addr.arpa ip6.arpa
    }
${forwardTo === undefined ? '' : `    forward . ${forwardTo}\n`}}
`;
}

/** The screen after the start. */
export function demoIntroduction(options: {
  readonly port: number;
  readonly api: EmbeddedApi;
  readonly kubeconfig: string;
  readonly directory: string;
  /** The executable. */
  readonly command: string;
}): string {
  const { port, api, kubeconfig, directory, command } = options;
  const services = api.list('Service').length;
  const namespaces = new Set(api.list('Service').map(namespaceOf)).size;
  const dig = `dig @127.0.0.1 -p ${port}`;
  const query = `${command} query`;
  const at = `@127.0.0.1 -p ${port}`;
  return `svcdns demo
  DNS             127.0.0.1:${port} (UDP and TCP), zone cluster.local
  Kubernetes API  ${api.url} (without containers)
  manifests       ${directory} (edit, add or remove a file: it is applied at once)
  serving         ${services} services in ${namespaces} namespaces

with dig
  ${dig} my-service.my-ns.svc.cluster.local
  ${dig} my-service.my-ns
  ${dig} headless.headless-services.svc.cluster.local
  ${dig} _http._tcp.my-service.multi-port-services.svc.cluster.local SRV
  ${dig} web-0.web.stateful.svc.cluster.local
  ${dig} inside.external-names.svc.cluster.local
  ${dig} both.dual-stack.svc.cluster.local AAAA
  ${dig} -x 10.0.0.11

without dig
  ${query} my-service.my-ns.svc.cluster.local ${at}
  ${query} my-service ${at} --namespace my-ns

with kubectl
  export KUBECONFIG=${kubeconfig}
  kubectl get svc -A
  kubectl -n headless-services scale deployment ready --replicas=5
  kubectl create service clusterip hello --tcp=80
  ${dig} hello.default.svc.cluster.local

Ctrl-C stops it and removes the kubeconfig
`;
}
