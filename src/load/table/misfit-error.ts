import { DataError } from '../../core/errors.ts';
import { castTo } from '../../sql/cast.ts';
import type { Misfit } from './misfit.ts';
import type { TableLoad } from './table-load.ts';

/** The load stops at rows that do not fit: one of them is told, with what tells it apart. */
export async function misfitError(
  { task, plan, database }: TableLoad,
  number: string,
  misfits: readonly Misfit[],
  total: number,
  ofFirst: number,
): Promise<DataError> {
  const { dialect } = database;
  const { maxRejects, origin } = task.stream;
  const key = await keyNames(task, plan);
  const told = plan.columns.filter(
    ({ source }) =>
      misfits.some(({ column }) => column.source.name === source.name) ||
      key.includes(source.name.toLowerCase()),
  );
  const texts = told.map(({ name }) => castTo(dialect, dialect.quote(name), { type: 'text' }));
  const { rows } = await database.query(
    `select ${[number, ...texts].join(', ')} from ${dialect.quoteTable(plan.stage)} as staged where ${number} > 0 order by 1 limit 1`,
  );
  const [index, ...values] = rows[0] ?? [];
  const first = misfits[Number(index) - 1];
  // The rest of the row may be nobody's business: messages go to logs and mails.
  const row = told
    .flatMap(({ source }, at) =>
      source.name === first?.column.source.name || key.includes(source.name.toLowerCase())
        ? [`${source.name}: ${shortText(values[at])}`]
        : [],
    )
    .join(', ');
  const name = first?.column.source.name ?? '';
  const rule = first?.reason.replace(/^breaks the constraint /, '') ?? '';
  const what =
    first?.kind === 'rule'
      ? `${ofFirst} ${ofFirst === 1 ? 'row breaks' : 'rows break'} the constraint of column '${name}': ${rule}`
      : `${total} ${total === 1 ? 'row does' : 'rows do'} not fit; the first: column '${name}' ${first?.reason ?? ''}`;
  const allowed = maxRejects === 0 ? '' : ` (max_rejects is ${maxRejects})`;
  return new DataError(`stream ${plan.stream}: ${what}, in the row of ${row}${allowed}`, {
    code: first?.kind === 'rule' ? 'constraint_violated' : 'value_misfit',
    origin,
    state: 'Nothing was published',
    next: 'Correct the rows at the source, leave them out by where:, change columns:, or raise meta.millrace.max_rejects',
  });
}

/** What tells rows apart, in lower case: the declared key, or that of the source's catalogue. */
async function keyNames(
  { stream, source }: TableLoad['task'],
  plan: TableLoad['plan'],
): Promise<readonly string[]> {
  if (stream.primaryKey.length > 0) return stream.primaryKey.map((name) => name.toLowerCase());
  if (stream.sql !== undefined) return [];
  const known = await source.source
    ?.describe({ name: plan.stream }, plan.read.options)
    .catch(() => undefined);
  return (known?.primaryKey ?? []).map((name) => name.toLowerCase());
}

const longestTold = 100;

function shortText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const plain = typeof value === 'bigint' ? value.toString() : value;
  const text = typeof plain === 'string' ? plain : JSON.stringify(plain);
  return text.length > longestTold ? `'${text.slice(0, longestTold)}...'` : `'${text}'`;
}
