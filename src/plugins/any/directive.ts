/** The any directive: `any` (CoreDNS plugin/any). */
import { type NoOptions, parsePlain } from '../plain-directive.js';
import type { Plugin } from '../plugin.js';
import { anyHandler } from './handler.js';

export const anyPlugin: Plugin<NoOptions> = {
  name: 'any',
  repeatable: false,
  parse: parsePlain,
  handler: anyHandler,
};
