import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Keys of a `file` connection: the folder that relative paths start from, the project's when absent. */
export interface FilesConfig {
  readonly path?: string | undefined;
  readonly url?: string | undefined;
}

export const filesConfig: z.ZodType<FilesConfig> = z.strictObject({
  path: z.string().min(1).optional(),
  url: z.string().startsWith('file://', 'must start with file://').optional(),
});

export function parseFileUrl(url: string): Readonly<Record<string, unknown>> {
  return { path: pathOfUrl(url) };
}

/** `file:///data/a.csv` is absolute, `file://data/a.csv` and `data/a.csv` are relative. */
export function pathOfUrl(text: string): string {
  if (text.startsWith('file:///'))
    return fileURLToPath(text.replaceAll('%', '%25').replaceAll('?', '%3F').replaceAll('#', '%23'));
  return text.replace(/^file:\/\//, '');
}
