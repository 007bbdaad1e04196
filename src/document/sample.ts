/** The persons of the assignments, as data lines: what a host loads on its first run, so that there is something to ask. */

/** Four records in the arrow dialect, one a line. */
export const SAMPLE_LINES: readonly string[] = [
  '"person1" -> [ "name" -> "John" | "age" -> 22 ]',
  '"person2" -> [ "name" -> "Mary" | "address" -> [ "street" -> "Panepistimiou" | "number" -> 12 ] ]',
  '"person3" -> [ "height" -> 1.75 | "profession" -> "student" ]',
  '"person4" -> []',
];

/** The types of the sample's fields, as a key file. */
export const SAMPLE_KEY_FILE = 'name string\nage int\nheight float\nstreet string\nlevel int\n';
