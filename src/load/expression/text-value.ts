import { cleansText, takesText } from './row-functions.ts';
import { partsOf, type Syntax } from './syntax.ts';

/**
 * What the functions of an expression do with `value` as a text: `clean` it, which leaves a number or a time as it is,
 * or `read` it letter by letter. Undefined if none of them takes it for a text.
 */
export function useOfText(syntax: Syntax): 'clean' | 'read' | undefined {
  const calls = partsOf(syntax).filter(
    (part) =>
      part.kind === 'call' &&
      part.args.some(
        (arg, index) => arg.kind === 'name' && arg.path === 'value' && takesText(part.name, index),
      ),
  );
  if (calls.length === 0) return undefined;
  return calls.every((part) => part.kind === 'call' && cleansText(part.name)) ? 'clean' : 'read';
}
