import type { Mistakes } from '../files/mistakes.ts';
import type { ProjectFile } from '../files/project-files.ts';

const block = /\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}/g;

/** The `{% docs name %}` blocks of Markdown files, by name. Their text is taken as it stands. */
export function readDocs(files: readonly ProjectFile[], mistakes: Mistakes): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
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
      found.set(name, text.trim());
    }
  }
  return found;
}
