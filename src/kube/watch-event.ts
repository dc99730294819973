/** One line of a watch stream as a typed event (Kubernetes API concepts, "Efficient detection of changes"). */
import { asObject, objectAt, parseJson, textAt } from './json-value.js';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
  | {
      readonly type: 'BOOKMARK';
      readonly resourceVersion: string;
      /** The end of a streamed list (annotation k8s.io/initial-events-end). */
      readonly initialEventsEnd: boolean;
    }
  | { readonly type: 'ERROR'; readonly status: unknown };

/** The event; undefined when the line is no JSON or no event that we know. */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  const event = asObject(parseJson(line));
  if (event === undefined) return undefined;
  switch (event['type']) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event['type'], object: event['object'] };
    case 'BOOKMARK': {
      const metadata = objectAt(objectAt(event, 'object'), 'metadata');
      const end = textAt(objectAt(metadata, 'annotations'), 'k8s.io/initial-events-end');
      return {
        type: 'BOOKMARK',
        resourceVersion: textAt(metadata, 'resourceVersion'),
        initialEventsEnd: end === 'true',
      };
    }
    case 'ERROR':
      return { type: 'ERROR', status: event['object'] };
    default:
      return undefined;
  }
}
