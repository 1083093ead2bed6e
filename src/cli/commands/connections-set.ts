import { access, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import { connectionMissing } from '../../connector/connection-missing.ts';
import { ConfigError } from '../../core/errors.ts';
import { findProjectFolder } from '../../project/settings/config-file.ts';
import { checkDeclarations } from '../../project/connections/connection-settings.ts';
import { slingFile } from '../../project/connections/connection-sources.ts';
import { connectionsFileName, declare } from '../../project/connections/connections-file.ts';
import { secretsOf } from '../../project/connections/redaction.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { printJson, printLine } from '../terminal/output.ts';
import { connectionsFolder, type ConnectionsPlace } from './connections.ts';

export interface SetOptions extends ConnectionsPlace {
  readonly name: string;
  /** `key=value` */
  readonly keys: readonly string[];
}

export interface UnsetOptions extends ConnectionsPlace {
  readonly name: string;
}

/** Writes a connection; the rest of the file, its comments too, stays as it is. */
export async function setConnection(options: SetOptions): Promise<number> {
  const entry = Object.fromEntries(options.keys.map((pair) => keyValue(pair)));
  const declaration = declare(options.name, entry, process.env, { file: 'command line' });
  await checkDeclarations([declaration]);
  const file = await fileToChange(options);
  const document = await readDocument(file);
  document.setIn(['connections', writtenName(document, options.name) ?? options.name], entry);
  await writePrivately(file, document.toString());
  const holdsSecret = secretsOf(entry, typeof entry['url'] === 'string' ? entry['url'] : undefined)
    .some((secret) => !secret.includes('${')); // prettier-ignore
  report(options.json, { connection: options.name, file }, [
    `${options.name} is in ${file}`,
    ...(holdsSecret ? ['A secret is in it in clear text, readable by you alone; ${NAME} or ${file:path} keeps it out'] : []), // prettier-ignore
    `Next: millrace connections test ${options.name}`,
  ]);
  return exitCodes.success;
}

/** Takes a connection out. */
export async function unsetConnection(options: UnsetOptions): Promise<number> {
  const file = await fileToChange(options);
  const document = await readDocument(file);
  const name = writtenName(document, options.name);
  if (name === undefined) throw connectionMissing(options.name, namesIn(document), { file });
  document.deleteIn(['connections', name]);
  await writePrivately(file, document.toString());
  report(options.json, { connection: name, file }, [`${name} is no longer in ${file}`]);
  return exitCodes.success;
}

function report(json: boolean | undefined, value: object, lines: readonly string[]): void {
  if (json) printJson(value);
  else for (const line of lines) printLine(line);
}

function keyValue(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  // The text is not repeated: it may be a password.
  throw new ConfigError('every key is written key=value', {
    code: 'flag_invalid',
    next: 'millrace connections set SHOP type=postgres host=db user=me password=${SHOP_PASSWORD} database=shop', // eslint-disable-line no-template-curly-in-string
  });
}

/** The project's file, or Sling's where there is no project. */
async function fileToChange(options: ConnectionsPlace): Promise<string> {
  const folder = await connectionsFolder(options);
  const own = join(folder, connectionsFileName);
  const present = await access(own).then(
    () => true,
    () => false,
  );
  if (present || (await findProjectFolder(folder)) !== undefined) return own;
  const shared = slingFile(process.env);
  if (shared !== undefined) return shared;
  throw new ConfigError('there is neither a project nor a home to write a connection into', {
    code: 'project_missing',
    next: 'Go to a project, or set SLING_HOME_DIR',
  });
}

async function readDocument(file: string): Promise<Document> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'connections: {}\n';
    throw new ConfigError(`${file} cannot be read (${error.code})`, { code: 'file_unreadable' });
  });
  const document = parseDocument(text);
  const [mistake] = document.errors;
  if (mistake) {
    throw new ConfigError(`${file} is no YAML: ${mistake.message.split('\n', 1)[0] ?? ''}`, {
      code: 'yaml_syntax',
      state: 'The file is as it was',
      next: 'Mend it first',
    });
  }
  const connections = document.get('connections');
  if (!isMap(connections)) document.set('connections', document.createNode({}));
  else connections.flow = false;
  return document;
}

/** As it stands in the file: capitals do not matter. */
function writtenName(document: Document, name: string): string | undefined {
  return namesIn(document).find((known) => known.toUpperCase() === name.toUpperCase());
}

function namesIn(document: Document): readonly string[] {
  const connections = document.get('connections');
  return isMap(connections)
    ? connections.items.map(({ key }) => String(isScalar(key) ? key.value : key))
    : [];
}

/** In one step, readable by the user alone. */
async function writePrivately(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.new`;
  await writeFile(beside, text, { mode: 0o600 });
  await chmod(beside, 0o600);
  await rename(beside, file);
}
