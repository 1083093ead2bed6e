import { z } from 'zod';
import { readYaml } from '../config/yaml-file.ts';
import { reportMistake } from './errors.ts';

export interface Frontmatter {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly owner?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

const frontmatterSchema: z.ZodType<Frontmatter> = z.strictObject({
  title: z.string().min(1).optional(),
  description: z.string().optional(),
  owner: z.string().min(1).optional(),
  tags: z.array(z.string().min(1)).optional(),
});

/** The YAML between two `---` lines at the top of a file, and where the rest starts (line index from 0). */
export function readFrontmatter(
  lines: readonly string[],
  file: string,
): { readonly values: Frontmatter; readonly bodyStart: number } {
  if (lines[0]?.trimEnd() !== '---') return { values: {}, bodyStart: 0 };
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---');
  if (end < 0) {
    throw reportMistake(
      'The frontmatter opened here is never closed',
      'frontmatter_unclosed',
      { file, line: 1 },
      'Close it with a line of ---',
    );
  }
  // The empty first line stands for the opening `---`, so that line numbers are those of the file.
  const yaml = ['', ...lines.slice(1, end)].join('\n');
  return { values: readYaml(yaml, file, frontmatterSchema).value, bodyStart: end + 1 };
}
