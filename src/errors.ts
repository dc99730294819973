/**
 * The typed error of the operator's faults: something outside the program has to be mended.
 *
 * The peer's faults (a bad packet, a dead upstream) are values, never exceptions; our own faults are
 * ordinary exceptions. Only what an operator can mend is a {@link SvcdnsError}.
 */

/** Stable codes; match on these, never on the text. Each is explained in docs/errors.md. */
export type ErrorCode =
  | 'COREFILE_SYNTAX'
  | 'COREFILE_DIRECTIVE'
  | 'COREFILE_NOT_FOUND'
  | 'CLI_USAGE'
  | 'NODE_TOO_OLD'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_ALLOWED'
  | 'FILE_UNREADABLE'
  | 'CERTIFICATE_INVALID'
  | 'KUBECONFIG_INVALID'
  | 'KUBE_CREDENTIALS'
  | 'KUBE_API_MISSING'
  | 'KUBE_FORBIDDEN'
  | 'KUBE_UNREACHABLE'
  | 'MANIFEST_INVALID'
  | 'NAME_INVALID'
  | 'QUERY_FAILED';

/** A place in a text file: `line` counts from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** What an error says besides its message. */
export interface ErrorDetail {
  /** Where the fault is: a file and line, a flag, an object's kind and name. */
  readonly where?: Place | string;
  /** What the operator can do about it, as an imperative without a final stop. */
  readonly mend?: string;
  readonly cause?: unknown;
}

/** A fault that the operator can mend: carries what, where and the mend. */
export class SvcdnsError extends Error {
  readonly code: ErrorCode;
  readonly where: Place | string | undefined;
  readonly mend: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'SvcdnsError';
    this.code = code;
    this.where = detail.where;
    this.mend = detail.mend;
  }

  /** One line for a terminal or a log: `place: message (mend)`. */
  get line(): string {
    const place = formatPlace(this.where);
    const mend = this.mend === undefined ? '' : ` (${this.mend})`;
    return `${place === '' ? '' : `${place}: `}${this.message}${mend}`;
  }
}

/** `file:line`, the text as it is, or the empty string. */
export function formatPlace(where: Place | string | undefined): string {
  if (where === undefined) return '';
  return typeof where === 'string' ? where : `${where.file}:${where.line}`;
}
