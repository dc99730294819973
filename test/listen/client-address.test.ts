/** Addresses of peers, and errors of binding in the operator's words. */
import { describe, expect, it } from 'vitest';
import { SvcdnsError } from '../../src/errors.js';
import { bindError, clientAddress, hostPort } from '../../src/listen/client-address.js';

describe('clientAddress', () => {
  it('gives an IPv4-mapped address as IPv4 and leaves all others', () => {
    expect(clientAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(clientAddress('::ffff:c000:201')).toBe('::ffff:c000:201');
    expect(clientAddress('2001:db8::1')).toBe('2001:db8::1');
    expect(clientAddress('fe80::1%eth0')).toBe('fe80::1%eth0');
    expect(clientAddress('192.0.2.1')).toBe('192.0.2.1');
  });
});

describe('hostPort', () => {
  it('puts IPv6 addresses in brackets', () => {
    expect(hostPort('::', 53)).toBe('[::]:53');
    expect(hostPort('127.0.0.1', 53)).toBe('127.0.0.1:53');
  });
});

describe('bindError', () => {
  it.each([
    ['EADDRINUSE', 'ADDRESS_IN_USE'],
    ['EACCES', 'ADDRESS_NOT_ALLOWED'],
    ['EPERM', 'ADDRESS_NOT_ALLOWED'],
    ['EADDRNOTAVAIL', 'ADDRESS_NOT_ALLOWED'],
  ])('turns %s into %s with place, mend and cause', (code, expected) => {
    const cause = Object.assign(new Error('bind'), { code });
    const error = bindError(cause, '[::]:53', 'UDP');
    expect(error).toBeInstanceOf(SvcdnsError);
    expect(error).toMatchObject({ code: expected, where: '[::]:53', cause });
    expect(error).toHaveProperty('mend', expect.stringMatching(/\w/));
  });

  it('gives any other error back', () => {
    const cause = Object.assign(new Error('bind'), { code: 'EMFILE' });
    expect(bindError(cause, '[::]:53', 'TCP')).toBe(cause);
  });
});
