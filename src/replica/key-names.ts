/** Keys as keys of a Map: one character a byte. */

export function nameOf(key: Uint8Array): string {
  let name = '';
  for (let i = 0; i < key.length; i++) name += String.fromCharCode(key[i] as number);
  return name;
}

/** The key that has this name. */
export function keyOf(name: string): Uint8Array {
  const key = new Uint8Array(name.length);
  for (let i = 0; i < key.length; i++) key[i] = name.charCodeAt(i);
  return key;
}
