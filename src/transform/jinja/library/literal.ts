import { parseAst } from '../syntax/parser.ts';
import type { Expression } from '../syntax/ast.ts';
import { Dict } from '../value/mapping.ts';
import { floatOf, isNumeric, negate } from '../value/number.ts';
import { Tuple, type Value } from '../value/value.ts';

/** Python's `literal_eval`: the value of a text that is a literal, `undefined` for any other text. */
export function parseLiteral(text: string): Value | undefined {
  try {
    const { body } = parseAst(`{{ ${text} }}`, '');
    const [only] = body;
    return body.length === 1 && only?.kind === 'output' ? literalValue(only.value) : undefined;
  } catch {
    return undefined;
  }
}

function literalValue(node: Expression): Value | undefined {
  switch (node.kind) {
    case 'constant':
      return node.value;
    case 'float':
      return floatOf(node.value);
    case 'big-integer':
      return BigInt(node.digits);
    case 'list':
    case 'tuple': {
      const items = node.items.map(literalValue);
      if (!items.every((item) => item !== undefined)) return undefined;
      return node.kind === 'list' ? items : new Tuple(items);
    }
    case 'dict': {
      const dict = new Dict();
      for (const entry of node.entries) {
        const [key, value] = [literalValue(entry.key), literalValue(entry.value)];
        if (key === undefined || value === undefined) return undefined;
        dict.set(key, value);
      }
      return dict;
    }
    case 'unary': {
      const operand = node.operator === 'not' ? undefined : literalValue(node.operand);
      if (operand === undefined || !isNumeric(operand)) return undefined;
      return node.operator === '-' ? negate(operand) : operand;
    }
    default:
      return undefined;
  }
}
