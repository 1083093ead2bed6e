import type { DefinitionNode, TemplateAst } from './ast.ts';
import { SourceText } from './source-text.ts';
import { parseStatements } from './statement-parser.ts';
import { TokenStream } from './token-stream.ts';

/**
 * Reads a template. `file` is its path relative to the project folder, for error messages.
 * Throws a `TemplateError` with code `template_syntax` or `template_unsupported`, and no other error.
 */
export function parseAst(source: string, file: string): TemplateAst {
  const text = new SourceText(source, file);
  try {
    const definitions: DefinitionNode[] = [];
    const { body } = parseStatements({ stream: new TokenStream(text), definitions }, null, []);
    return { body, definitions: definitions.sort((a, b) => a.start - b.start) };
  } catch (error) {
    if (error instanceof RangeError) throw text.error('The template nests too deep', { line: 1, column: 1 });
    throw error;
  }
}
