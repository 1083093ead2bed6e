import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { Dict, mappingOf } from '../value/mapping.ts';
import { printed } from '../value/printing.ts';
import { characters } from '../value/sequence.ts';
import type { Value } from '../value/value.ts';
import { textArgument } from './argument.ts';

/** Python's `str.maketrans`: what becomes of characters, by their code points; `None` takes one out. */
export function translationTable(_: string, args: CallArguments): Dict {
  const { x, y, z } = args.bind('maketrans', ['x', 'y?', 'z?']);
  if (y === undefined) return tableOfMapping(x ?? null);
  const from = characters(textArgument(x, 'The characters to replace'));
  const to = characters(textArgument(y, 'The characters to put in their place'));
  if (from.length !== to.length) {
    throw new ValueError(
      'The first two arguments of maketrans() must have the same length',
      'template_value',
    );
  }
  const gone = z === undefined ? [] : characters(textArgument(z, 'The characters to take out'));
  return new Dict([
    ...from.map((character, index): [Value, Value] => [codeOf(character), codeOf(to[index] ?? '')]),
    ...gone.map((character): [Value, Value] => [codeOf(character), null]),
  ]);
}

function tableOfMapping(given: Value): Dict {
  const mapping = mappingOf(given);
  if (!mapping) throw new ValueError('maketrans() with one argument takes a dict', 'template_value');
  return new Dict(
    [...mapping.keys()].map((key): [Value, Value] => [
      typeof key === 'string' ? codeOf(key) : key,
      mapping.get(key) ?? null,
    ]),
  );
}

/** Python's `str.translate`. */
export function translate(self: string, args: CallArguments): string {
  const table = mappingOf(args.bind('translate', ['table'])['table'] ?? null);
  if (!table) throw new ValueError('translate() takes a table of maketrans()', 'template_value');
  return characters(self)
    .map((character) => {
      const found = table.get(codeOf(character));
      if (found === undefined) return character;
      if (found === null) return '';
      return typeof found === 'number' ? String.fromCodePoint(found) : printed(found);
    })
    .join('');
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
