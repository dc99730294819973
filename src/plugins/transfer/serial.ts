/** Serial numbers of zones and their order (RFC 1982). */

/** The serial of a SOA record's data, whose names are written out. */
export function soaSerial(rdata: Uint8Array): number {
  const view = new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength);
  return view.getUint32(rdata.length - 20);
}

/** Whether `serial` comes behind `known`, round the end of 32 bits too. */
export function isNewer(serial: number, known: number): boolean {
  const ahead = (serial - known) >>> 0;
  return ahead > 0 && ahead < 0x80000000;
}
