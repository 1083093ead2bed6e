import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemNames, ValueSystems, rowOf } from './value-systems.fixture.ts';
import { exactTexts, spelling, type ValueKind } from './value-meaning.fixture.ts';
import { type ValueColumn, valueTables } from './value-table.fixture.ts';

let systems: ValueSystems;
beforeAll(async () => {
  systems = await ValueSystems.open();
});
afterAll(() => systems.close());

/** Files hold no negative intervals in Parquet; what a type becomes there is text otherwise. */
const inParquet = ({ kind }: ValueColumn): boolean => kindOf(kind) !== 'interval';

function kindOf(kind: ValueKind): string {
  return typeof kind === 'string' ? kind : kind.of;
}

describe.each(systemNames)('from %s', (source) => {
  const load = async (file: string, columns: readonly ValueColumn[]) => {
    await systems.harness.loadOne(
      `source: ${source}\ntarget: DISK\nstreams:\n  extremes: { object: '${source}-${file}', mode: full-refresh, select: [id, ${columns.map(({ name }) => name).join(', ')}] }\n`,
    );
    return join(systems.harness.folder, `${source}-${file}`);
  };

  test('into Parquet', async () => {
    const columns = valueTables[source].filter(inParquet);
    const path = await load('v.parquet', columns);
    const spelt = columns.map(({ name, kind }) => spelling('DUCK', name, kind)).join(', ');
    const rows = await systems.harness.rows('DUCK', `select id, ${spelt} from '${path}' order by id`);
    expect(rows.map(([id, ...values]) => rowOf(id, columns, values))).toEqual(
      await systems.held(source, source, 'extremes', columns),
    );
  });

  test('into CSV', async () => {
    const columns = valueTables[source];
    const path = await load('v.csv', columns);
    const names = columns
      .map(({ name, kind }) => (kind === 'bytes' ? `hex(cast("${name}" as blob))` : `"${name}"`))
      .join(', ');
    const rows = await systems.harness.rows(
      'DUCK',
      `select cast(id as int), ${names} from read_csv('${path}', all_varchar = true, allow_quoted_nulls = false) order by 1`,
    );
    expect(rows.map(([id, ...values]) => rowOf(id, columns, values))).toEqual(
      await systems.held(source, source, 'extremes', columns),
    );
  });

  test('into JSON lines', async () => {
    // A null of JSON is none there, and bytes are written as they are for CSV.
    const columns = valueTables[source].filter(
      ({ name, kind }) => !name.startsWith('doc') && kind !== 'bytes',
    );
    const path = await load('v.jsonl', columns);
    const lines = (await readFile(path, 'utf8')).trim().split('\n').map(exactTexts);
    expect(
      lines.map((line) =>
        rowOf(
          line['id'],
          columns,
          columns.map(({ name }) => line[name]),
        ),
      ),
    ).toEqual(await systems.held(source, source, 'extremes', columns));
  });
});
