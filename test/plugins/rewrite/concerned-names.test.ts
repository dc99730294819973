/** Which zones rewrite rules leave alone, so that their names need not walk past the directive. */
import { expect, it } from 'vitest';
import { optionsOf } from '../../../src/plugins/options-of.js';
import { rewriteConcerns } from '../../../src/plugins/rewrite/concerned-names.js';
import { rewritePlugin } from '../../../src/plugins/rewrite/directive.js';
import { serverBlock } from '../server-block.js';

const ZONE = 'cluster.local.';

it.each<[boolean, string]>([
  [false, 'name api.example.org a.b.svc.cluster.local'],
  [true, 'name a.b.svc.Cluster.local c.d.svc.cluster.local'],
  [true, 'name cluster.local example.org'],
  [false, 'name suffix .example.org .svc.cluster.local answer auto'],
  [true, 'name suffix .svc.cluster.local .example.org'],
  [true, 'name suffix local example.org'],
  [false, 'name suffix xcluster.local example.org'],
  [true, 'name prefix a. b.'],
  [true, 'name substring a. b.'],
  [false, 'name regex ^(.*)\\.example\\.org\\.$ {1}.svc.cluster.local'],
  [false, 'name regex (a|b)\\.Example\\.org\\.?$ {1}.svc.cluster.local'],
  [true, 'name regex (.*)\\.example\\.org {1}.svc.cluster.local'],
  [true, 'name regex a|(.*)\\.example\\.org\\.$ {1}.svc.cluster.local'],
  [true, 'name regex ^(.*)\\.svc\\.cluster\\.local\\.$ {1}.example.org'],
  [true, 'name regex ^(.*)\\.local\\.$ {1}.example.org'],
  [true, 'name regex ^(.*\\.example\\.org\\.)$ {1}'],
  [false, 'ttl suffix .example.org 5-10'],
  [true, 'ttl regex .* 5-10'],
  [false, 'rcode exact example.org NXDOMAIN NOERROR'],
  [true, 'type ANY A'],
  [true, 'class CH IN'],
  [true, 'cname exact a.example.org b.example.org'],
  [false, 'edns0 local set 0xffee abcd'],
])('%s: %s', (concerned, rule) => {
  const [block] = serverBlock(`rewrite ${rule}`).plan.blocks;
  const options = block && optionsOf(block, rewritePlugin);
  expect(options && rewriteConcerns(options, ZONE)).toBe(concerned);
});
