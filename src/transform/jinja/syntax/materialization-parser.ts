import type { Expression } from './ast.ts';
import { parseExpression } from './expression-parser.ts';
import type { TokenStream } from './token-stream.ts';

/** What the tag of a materialization says beside its name. */
export interface MaterializationTraits {
  readonly adapter: string;
  readonly languages: readonly string[];
}

/** Those of a tag that says nothing. */
export const defaultTraits: MaterializationTraits = { adapter: 'default', languages: ['sql'] };

/** `, default` or `, adapter='duckdb'`, and `, supported_languages=['sql']`, in any order. */
export function readMaterialization(stream: TokenStream): MaterializationTraits {
  let { adapter, languages } = defaultTraits;
  while (stream.skipOperator(',')) {
    const option = stream.expectName();
    if (option.text === 'default') continue;
    stream.expectOperator('=');
    const value = parseExpression(stream);
    if (option.text === 'adapter') {
      adapter = constantText(stream, value);
    } else if (option.text === 'supported_languages') {
      if (value.kind !== 'list') throw stream.error('supported_languages takes a list of strings', value);
      languages = value.items.map((item) => constantText(stream, item));
    } else {
      const known = 'default, adapter, supported_languages';
      throw stream.error(`A materialization has no option '${option.text}'; it has: ${known}`, option);
    }
  }
  return { adapter, languages };
}

function constantText(stream: TokenStream, value: Expression): string {
  if (value.kind === 'constant' && typeof value.value === 'string') return value.value;
  throw stream.error('Expected a plain string', value);
}
