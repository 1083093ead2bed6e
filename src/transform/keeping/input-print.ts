import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { metadataPrefix } from '../context/node-context.ts';
import type { ProjectFrame } from '../reading/frame-reader.ts';
import type { TransformOptions } from '../reading/transform-options.ts';

/** A hash of all that the nodes of a project follow from, except what templates ask of the environment. */
export function inputPrint({ packages, datasets }: ProjectFrame, options: TransformOptions): string {
  const { environment } = options;
  const said = { ...options, environment: undefined, cacheFile: undefined };
  const hash = createHash('sha256');
  const shown = Object.keys(environment).filter((name) => name.startsWith(metadataPrefix));
  add(hash, codePrint());
  add(hash, JSON.stringify([said, shown.toSorted().map((name) => [name, environment[name]])]));
  add(hash, datasets?.yaml.text ?? '');
  for (const { folder, projectFile, content } of packages) {
    add(hash, folder);
    add(hash, projectFile.yaml.text);
    for (const [kind, files] of Object.entries(content)) {
      add(hash, `${kind} ${files.length}`);
      for (const { file, text } of files) {
        add(hash, file);
        add(hash, text);
      }
    }
  }
  return hash.digest('hex');
}

/** The print of the inputs together with what templates asked of the environment. */
export function wholePrint(
  print: string,
  names: readonly string[],
  environment: TransformOptions['environment'],
): string {
  const values = names.map((name) => [name, environment[name] ?? null]);
  return createHash('sha256').update(print).update(JSON.stringify(values)).digest('hex');
}

/** Each text with its length before it, so that none runs into the next. */
function add(hash: Hash, text: string): void {
  hash.update(`${text.length}:`).update(text);
}

let ownCode: string | undefined;

/** Millrace's own code as it lies beside this file, in the sources or bundled, and the version of Node. */
function codePrint(): string {
  const folders = ['..', '../../core', '../../sql', '../../config'].map((path) =>
    join(import.meta.dirname, path),
  );
  ownCode ??= [process.version, ...folders.filter((folder) => existsSync(folder)).flatMap(codeFiles)].join(
    '\n',
  );
  return ownCode;
}

function codeFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.[jt]s$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = statSync(path);
      return `${path} ${size} ${mtimeMs}`;
    })
    .sort();
}
