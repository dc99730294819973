/** Content negotiation: which form of an object a client takes, which form its body has. */
import { ApiError } from './api-error.js';

/** A form in which an object can be given. */
export type Rendering = 'object' | 'table' | 'metadata' | 'aggregated-discovery';

interface MediaType {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Splits a header of media types; weights are not read, order counts, as in the API server. */
function parseMediaTypes(header: string): readonly MediaType[] {
  return header
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [type = '', ...rest] = entry.split(';').map((part) => part.trim());
      const pairs = rest.map((part): [string, string] => {
        const [key = '', value = ''] = part.split('=');
        return [key, value];
      });
      return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) };
    });
}

const RENDERINGS: Readonly<Record<string, Rendering>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
  APIGroupDiscoveryList: 'aggregated-discovery',
};

/** The first rendering of an Accept header that can be served; throws ApiError 406 when there is none. */
export function negotiate(accept: string | undefined): Rendering {
  const wanted = parseMediaTypes(accept ?? '*/*');
  for (const { type, parameters } of wanted) {
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue;
    const as = parameters['as'];
    if (as === undefined) return 'object';
    const rendering = RENDERINGS[as];
    // v2beta1 of the discovery has the same content under another name; only v2 is served.
    if (rendering === 'aggregated-discovery' && parameters['v'] !== 'v2') continue;
    if (rendering !== undefined) return rendering;
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json',
  );
}

/** The bare media type of a Content-Type header. */
export function bodyType(header: string | undefined): string {
  return parseMediaTypes(header ?? '')[0]?.type ?? '';
}
