/** The tls directive: the certificate of tls:// and https:// blocks (CoreDNS plugin/tls). */
import { resolve } from 'node:path';
import { directiveFault } from '../../corefile/faults.js';
import { oneOf, readOptions } from '../../corefile/option-lines.js';
import type { Directive } from '../../corefile/plan.js';
import { checkCertificate } from '../../listen/certificate.js';
import { CLIENT_AUTH, type ClientAuth, type TlsSettings } from '../../listen/tls-settings.js';
import { onlyDirective } from '../only-directive.js';
import type { ParseContext, Plugin } from '../plugin.js';

/** `tls CERT KEY [CA] { client_auth KIND }`; the files are read and compared at once. */
export const tlsPlugin: Plugin<TlsSettings> = {
  name: 'tls',
  repeatable: false,
  parse(directives: readonly Directive[], context: ParseContext): TlsSettings {
    const directive = onlyDirective(directives);
    let clientAuth: ClientAuth = 'nocert';
    readOptions(directive, {
      client_auth: (line) => {
        clientAuth = oneOf(line, CLIENT_AUTH);
      },
    });
    const { place } = directive;
    const [cert, key, ca, surplus] = directive.args;
    if (cert === undefined) {
      const message = 'tls lacks its files; svcdns fetches no certificates by ACME';
      throw directiveFault(message, place, 'write tls CERT KEY [CA]');
    }
    if (key === undefined || surplus !== undefined) {
      throw directiveFault('tls takes two or three files', place, 'write tls CERT KEY [CA]');
    }
    const read = (path: string): string => context.readFile(path, place);
    const authorities = ca === undefined ? {} : { ca: read(ca) };
    checkCertificate({ cert: read(cert), key: read(key), ...authorities }, place);
    const path = (name: string): string => resolve(context.directory, name);
    const files = {
      cert: path(cert),
      key: path(key),
      ...(ca === undefined ? {} : { ca: path(ca) }),
    };
    return { files, clientAuth };
  },
};
