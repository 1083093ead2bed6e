import type { Mistakes } from '../files/mistakes.ts';
import type { ProjectFile } from '../files/project-files.ts';

const block = /\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g;

export interface DocBlock {
  readonly name: string;
  readonly packageName: string;
  /** Relative to the Millrace project. */
  readonly file: string;
  readonly text: string;
}

/** The `{% docs name %}` blocks of a package's Markdown files. Their text is taken as it stands. */
export function readDocs(
  packageName: string,
  files: readonly ProjectFile[],
  mistakes: Mistakes,
): readonly DocBlock[] {
  const found = new Map<string, DocBlock>();
  for (const file of files) {
    for (const match of file.text.matchAll(block)) {
      const [, name = '', text = ''] = match;
      if (found.has(name)) {
        const line = file.text.slice(0, match.index).split('\n').length;
        mistakes.add(`the docs block "${name}" is written twice`, {
          code: 'doc_twice',
          origin: { file: file.file, line },
        });
      }
      found.set(name, { name, packageName, file: file.file, text: text.trim() });
    }
    const rest = file.text.replaceAll(block, (whole) => whole.replaceAll(/[^\n]/g, ' '));
    const open = rest.search(/\{%-?\s*docs\b/);
    if (open < 0) continue;
    mistakes.add('a docs block is not closed: {% enddocs %} is missing', {
      code: 'template_syntax',
      origin: { file: file.file, line: rest.slice(0, open).split('\n').length },
    });
  }
  return [...found.values()];
}
