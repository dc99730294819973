/** The minimal directive: `minimal` (CoreDNS plugin/minimal). */
import { type NoOptions, parsePlain } from '../plain-directive.js';
import type { Plugin } from '../plugin.js';
import { minimalHandler } from './handler.js';

export const minimalPlugin: Plugin<NoOptions> = {
  name: 'minimal',
  repeatable: false,
  parse: parsePlain,
  handler: minimalHandler,
};
