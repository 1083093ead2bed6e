import { createHash } from 'node:crypto';
import type { Dialect, TableName } from '../../sql/dialect.ts';

const prefix = '_millrace_stage_';
const hexLength = 8;

/** `_millrace_stage_<table>_<8 hex>`, shortened to what the dialect allows. */
export function stageTable(target: TableName, dialect: Dialect, idempotencyKey: string): TableName {
  return { schema: target.schema, name: `${stagePrefix(target.name, dialect)}${shortHash(idempotencyKey)}` };
}

/** The table that one chunk fills before it is added to the stage. */
export function stagePart(
  target: TableName,
  dialect: Dialect,
  idempotencyKey: string,
  part: number,
): TableName {
  return stageTable(target, dialect, `${idempotencyKey} part ${part}`);
}

/** A name of the same kind for a table that goes with a stage. */
export function besideStage(stage: TableName, purpose: string): TableName {
  const hash = shortHash(`${stage.name} ${purpose}`);
  return { schema: stage.schema, name: `${stage.name.slice(0, -hexLength)}${hash}` };
}

/** True if a table is the stage of some load into `target`. */
export function isStageOf(name: string, target: TableName, dialect: Dialect): boolean {
  const start = stagePrefix(target.name, dialect);
  return name.startsWith(start) && /^[0-9a-f]{8}$/.test(name.slice(start.length));
}

/** Name of the temporary table of changes that goes with a stage. */
export function deltaName(idempotencyKey: string): string {
  return `_millrace_delta_${shortHash(idempotencyKey)}`;
}

function stagePrefix(table: string, dialect: Dialect): string {
  const room = dialect.maxIdentifierBytes - prefix.length - hexLength - 1;
  if (Buffer.byteLength(table) <= room) return `${prefix}${table}_`;
  const tag = shortHash(table).slice(0, 6);
  return `${prefix}${cutBytes(table, room - tag.length - 1)}~${tag}_`;
}

function cutBytes(text: string, maxBytes: number): string {
  let cut = '';
  for (const letter of text) {
    if (Buffer.byteLength(cut + letter) > maxBytes) break;
    cut += letter;
  }
  return cut;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hexLength);
}

/** True if a file is the stage of some load into `target`. */
export function isStageFileOf(fileName: string, target: TableName): boolean {
  const base = target.name.slice(target.name.lastIndexOf('/') + 1);
  const start = `.${base}~`;
  return fileName.startsWith(start) && /^[0-9a-f]{8}$/.test(fileName.slice(start.length));
}

/** A hidden file beside the final one, so that publishing is a rename within one folder. */
export function stageFile(target: TableName, idempotencyKey: string): TableName {
  const cut = target.name.lastIndexOf('/') + 1;
  const [folder, base] = [target.name.slice(0, cut), target.name.slice(cut)];
  return { schema: target.schema, name: `${folder}.${base}~${shortHash(idempotencyKey)}` };
}

/** What the files of a stage that is a folder of parts begin with: `data_` and the hash of the stage. */
export function partFileName({ name }: TableName): string {
  return `data_${name.slice(-hexLength)}`;
}
