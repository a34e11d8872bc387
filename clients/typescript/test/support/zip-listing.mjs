// A zip's entries as its central directory lists them.
export function listing(zip) {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = zip.length - 22;
  if (view.getUint32(end, true) !== 0x06054b50) throw new Error('no end of a central directory');
  const entries = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error(`no entry at ${at}`);
    const length = (offset) => view.getUint16(at + offset, true);
    entries.push({
      name: new TextDecoder().decode(zip.subarray(at + 46, at + 46 + length(28))),
      method: { 0: 'stored', 8: 'deflated' }[length(10)],
      time: [length(12), length(14)],
      size: view.getUint32(at + 24, true),
      crc32: view.getUint32(at + 16, true).toString(16).padStart(8, '0'),
    });
    at += 46 + length(28) + length(30) + length(32);
  }
  return entries;
}
