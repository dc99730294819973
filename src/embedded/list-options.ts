/** The query parameters of list and watch, read and checked as the API server does. */
import { ApiError, badRequest } from './api-error.js';
import { type FieldFault, forbiddenField, unsupportedValue } from './field-fault.js';
import { type FieldSelector, matchesFields, parseFieldSelector } from './field-selector.js';
import { type JsonObject, textMapAt } from './json.js';
import { type LabelSelector, matchesLabels, parseLabelSelector } from './label-selector.js';
import type { ResourceType } from './resource-type.js';

export interface ListOptions {
  readonly watch: boolean;
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
  /** Empty: the newest state; "0": any state. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  readonly bookmarks: boolean;
  /** Undefined: not asked. */
  readonly sendInitialEvents: boolean | undefined;
  /** 0: no end of its own. */
  readonly timeoutSeconds: number;
}

/** Reads the parameters; throws ApiError 400 or 422. */
export function parseListOptions(
  query: URLSearchParams,
  type: ResourceType,
  watchListServed: boolean,
): ListOptions {
  const initial = query.get('sendInitialEvents');
  const options: ListOptions = {
    watch: isTrue(query.get('watch')),
    labels: parseLabelSelector(query.get('labelSelector') ?? ''),
    fields: parseFieldSelector(query.get('fieldSelector') ?? '', type),
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: parseCount(query, 'limit'),
    continueToken: query.get('continue') ?? '',
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    timeoutSeconds: parseCount(query, 'timeoutSeconds'),
  };
  if (!/^\d*$/.test(options.resourceVersion)) {
    const shown = JSON.stringify(options.resourceVersion);
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`,
    );
  }
  const faults = options.watch ? watchFaults(options, watchListServed) : listFaults(options);
  if (faults.length > 0) throw refused(faults);
  return options;
}

/** Whether an object is among those asked for. */
export function isSelected(options: ListOptions, object: JsonObject): boolean {
  return (
    matchesLabels(options.labels, textMapAt(object, 'metadata', 'labels')) &&
    matchesFields(options.fields, object)
  );
}

function isTrue(value: string | null): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}

function parseCount(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function listFaults(options: ListOptions): FieldFault[] {
  const field = 'resourceVersionMatch';
  const match = options.resourceVersionMatch;
  const faults: FieldFault[] = [];
  if (match !== '') {
    if (options.resourceVersion === '') {
      faults.push(
        forbiddenField(field, `${field} is forbidden unless resourceVersion is provided`),
      );
    }
    if (options.continueToken !== '') {
      faults.push(forbiddenField(field, `${field} is forbidden when continue is provided`));
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      faults.push(unsupportedValue(field, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && options.resourceVersion === '0') {
      const detail = `${field} "exact" is forbidden for resourceVersion "0"`;
      faults.push(forbiddenField(field, detail));
    }
  }
  if (options.sendInitialEvents !== undefined) {
    faults.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return faults;
}

function watchFaults(options: ListOptions, watchListServed: boolean): FieldFault[] {
  const match = options.resourceVersionMatch;
  const faults: FieldFault[] = [];
  if (options.sendInitialEvents !== undefined) {
    if (match !== 'NotOlderThan') {
      const detail = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
      faults.push(forbiddenField('resourceVersionMatch', detail));
    }
    if (!watchListServed) {
      const detail =
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
      faults.push(forbiddenField('sendInitialEvents', detail));
    }
  } else if (match !== '') {
    const detail =
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    faults.push(forbiddenField('resourceVersionMatch', detail));
  }
  return faults;
}

function refused(faults: readonly FieldFault[]): ApiError {
  const texts = faults.map((fault) => `${fault.field}: ${fault.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${list}`, {
    group: 'meta.k8s.io',
    kind: 'ListOptions',
    causes: faults.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}
