/** The name below in-addr.arpa or ip6.arpa for an address, written apart from the server's own way. */

/** RFC 1035 §3.5; RFC 3596 §2.5: all 32 nibbles, the last first. */
export function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const nibbles = [...front, ...zeros, ...back].map((group) => group.padStart(4, '0')).join('');
  return `${[...nibbles].reverse().join('.')}.ip6.arpa`;
}
