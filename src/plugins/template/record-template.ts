/** Templates of records: text with actions to a record for one query. */
import { recordFromText } from '../../dns/record-text.js';
import type { ResourceRecord } from '../../dns/resource-record.js';
import { SvcdnsError } from '../../errors.js';
import { runTemplate } from './template-data.js';
import { TemplateFailure, type TemplateMap } from './template-functions.js';
import { parseTemplate } from './template-parser.js';

/** Seconds for a record without a TTL, as of a zone file without $TTL in CoreDNS. */
const DEFAULT_TTL = 3600;

/** Where a record could not be made. */
export type RecordFailure = 'template' | 'record';

/** Makes the record of a query, none of a template that says nothing, or says where that failed and why. */
export type RecordTemplate = (
  data: TemplateMap,
) => ResourceRecord | undefined | { readonly failed: RecordFailure; readonly reason: string };

/** A template ready to be run; `source` was parsed before, so that nothing is thrown. */
export function recordTemplate(source: string): RecordTemplate {
  const nodes = parseTemplate(source);
  return (data) => {
    let text: string;
    try {
      text = runTemplate(nodes, data);
    } catch (error) {
      if (!(error instanceof TemplateFailure)) throw error;
      return { failed: 'template', reason: error.message };
    }
    // a record may stand on several lines, in parentheses or without
    const line = text.replace(/\s+/g, ' ').trim();
    if (line === '') return undefined;
    try {
      return recordFromText(line, { origin: '.', defaultTtl: DEFAULT_TTL });
    } catch (error) {
      if (!(error instanceof SvcdnsError)) throw error;
      return { failed: 'record', reason: `${error.message}: ${line}` };
    }
  };
}
