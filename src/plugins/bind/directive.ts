/** The bind directive: the addresses and interfaces that a server block listens on. */
import { directiveFault } from '../../corefile/faults.js';
import { readOptions, someArguments } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { isAddress } from '../../corefile/reverse-zone.js';
import type { Plugin } from '../plugin.js';

/** An IP address, or the name of an interface: all addresses that it has when the server starts. */
export interface BindTarget {
  readonly kind: 'address' | 'interface';
  readonly name: string;
}

/** One directive; `except` takes away from its own `listen` only. */
export interface BindGroup {
  readonly listen: readonly BindTarget[];
  readonly except: readonly BindTarget[];
}

export interface BindOptions {
  readonly groups: readonly BindGroup[];
}

/** `bind ADDRESS|IFACE... { except ADDRESS|IFACE... }`, several add up (CoreDNS plugin/bind). */
export const bindPlugin: Plugin<BindOptions> = {
  name: 'bind',
  repeatable: true,
  parse(directives: readonly Directive[]): BindOptions {
    return { groups: directives.map(bindGroup) };
  },
};

function bindGroup(directive: Directive): BindGroup {
  const what = 'address or interface';
  const listen = someArguments(directive, what).map((text) => bindTarget(directive, text));
  let except: readonly BindTarget[] = [];
  readOptions(directive, {
    except: (line) => {
      except = someArguments(line, what).map((text) => bindTarget(line, text));
    },
  });
  return { listen, except };
}

/** Whether an interface of that name is there is known only where the server runs. */
function bindTarget(directive: Directive, text: string): BindTarget {
  if (isAddress(text.replace(/%.*$/, ''))) return { kind: 'address', name: text };
  // Linux: IFNAMSIZ is 16 with the final NUL; neither blanks, slashes nor colons
  if (/^[^\s/:]{1,15}$/.test(text) && !/^[\d.]+$/.test(text)) {
    return { kind: 'interface', name: text };
  }
  throw directiveFault(
    `${directive.name}: "${text}" is neither an address nor an interface`,
    directive.place,
    'write an IP address without a port, or the name of an interface',
  );
}
