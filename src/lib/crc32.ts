/**
 * CRC-32 as zip, gzip and PNG use it (IEEE 802.3, reflected, polynomial 0xEDB88320), eight bytes a step ("slicing by 8",
 * Kounavis and Berry 2005). For rooms that may not reach for the platform's own, which has the same results: that one
 * is faster on long ranges, this one on short ones, which cost it no call out of the language.
 */

/** Table k: what a byte does to the CRC when k more bytes follow it in the same step. */
const [T0, T1, T2, T3, T4, T5, T6, T7] = /* @__PURE__ */ makeTables();

/** CRC-32 of bytes[start, end), continuing from `seed` (0 to begin): crc32(b, crc32(a)) is the CRC of a followed by b. */
export function crc32(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  let crc = ~seed;
  let i = start;
  for (const last = end - 8; i <= last; i += 8) {
    crc ^= word(bytes, i);
    crc =
      at(T7, crc & 0xff) ^
      at(T6, (crc >>> 8) & 0xff) ^
      at(T5, (crc >>> 16) & 0xff) ^
      at(T4, crc >>> 24) ^
      at(T3, bytes[i + 4] as number) ^
      at(T2, bytes[i + 5] as number) ^
      at(T1, bytes[i + 6] as number) ^
      at(T0, bytes[i + 7] as number);
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ at(T0, (crc ^ (bytes[i] as number)) & 0xff);
  return ~crc >>> 0;
}

function word(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  );
}

function at(table: Int32Array, index: number): number {
  return table[index] as number;
}

type Tables = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

function makeTables(): Tables {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256)) as Tables;
  const [first] = tables;
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
    first[byte] = crc;
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = at(tables[k - 1] as Int32Array, byte);
      (tables[k] as Int32Array)[byte] = (before >>> 8) ^ at(first, before & 0xff);
    }
  }
  return tables;
}
