import type { Expression, Place } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** The place of a token or a node, without the rest of it. */
export function placeOf({ line, column }: Place): Place {
  return { line, column };
}

/** A name, or what the names `true`, `none` and their like mean. */
export function nameOrConstant(stream: TokenStream, name: string, place: Place): Expression {
  switch (name) {
    case 'true':
    case 'True':
      return { kind: 'constant', value: true, ...place };
    case 'false':
    case 'False':
      return { kind: 'constant', value: false, ...place };
    case 'none':
    case 'None':
      return { kind: 'constant', value: null, ...place };
    default:
      stream.noteName(name);
      return { kind: 'name', name, ...place };
  }
}

/** An integer of any size, as it is written. */
export function integerNode(text: string, place: Place): Expression {
  const digits = text.replaceAll('_', '');
  const value = Number(/^0+$/.test(digits) ? '0' : digits);
  if (Number.isSafeInteger(value)) return { kind: 'constant', value, ...place };
  return { kind: 'big-integer', digits: BigInt(digits).toString(), ...place };
}
