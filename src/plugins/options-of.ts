/** A planned directive's options with the type that its plugin gave them. */
import type { PlannedBlock } from '../corefile/plan.js';
import type { Plugin } from './plugin.js';

/**
 * The options of a block's directive; undefined when the block has none of it. The plan keeps options as
 * `unknown`; they were made by this very plugin's `parse`, which is what the cast rests on.
 */
export function optionsOf<O>(block: PlannedBlock, plugin: Plugin<O>): O | undefined {
  const directive = block.directives.find(({ name }) => name === plugin.name);
  return directive === undefined ? undefined : (directive.options as O);
}
