/** Keys as keys of a Map: one character a byte, so that keys which are no text stay different. */

export function keyName(key: Uint8Array): string {
  let name = '';
  let at = 0;
  // Half the time of a TextDecoder, or of a character at a time.
  for (; at + 8 <= key.length; at += 8) {
    name += String.fromCharCode(
      key[at] as number,
      key[at + 1] as number,
      key[at + 2] as number,
      key[at + 3] as number,
      key[at + 4] as number,
      key[at + 5] as number,
      key[at + 6] as number,
      key[at + 7] as number,
    );
  }
  for (; at < key.length; at++) name += String.fromCharCode(key[at] as number);
  return name;
}

/** The key that has this name. */
export function keyOf(name: string): Uint8Array {
  const key = new Uint8Array(name.length);
  for (let i = 0; i < key.length; i++) key[i] = name.charCodeAt(i);
  return key;
}
