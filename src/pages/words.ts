/** Text of a page. A name stands apart in it, because it may be written in another script or direction than the rest. */
export type Words = string | readonly (string | Name)[];

interface Name {
  name: string;
}

/** A sentence of a locale with the names put in. Throws when one is missing. */
export function fill(sentence: string, names: Readonly<Record<string, string>>): Words {
  return sentence.split(/\{(\w+)\}/).map((part, index) => (index % 2 === 0 ? part : named(part, names)));
}

function named(placeholder: string, names: Readonly<Record<string, string>>): Name {
  const name = names[placeholder];
  if (name === undefined) throw new Error(`Nothing is put in for {${placeholder}}.`);
  return { name };
}
