import { ConfigError } from '../../core/errors.ts';
import { quoteIdentifier, standardLiteral } from '../../sql/quoting.ts';
import { type CallArguments, printed, type TemplateFunction, type Value } from '../jinja/index.ts';
import type { DatasetRelation, Moment, NodeScope, ProjectScope } from './render-scope.ts';
import type { RelationColumn, TemplateDatabase } from './template-database.ts';

/**
 * `ref_all('orders')`, or with a package before it: the rows that every dataset has of a model, as a query in parentheses whose first
 * column, named as the dimension or as `column` says, tells the dataset. Columns are matched by name; one that a dataset does
 * not have is NULL there.
 */
export function refAllFunction(project: ProjectScope, node: NodeScope, moment: Moment): TemplateFunction {
  return (args) => {
    const names = args.positional.map((value) => printed(value));
    const [first, second] = names;
    const wrong = [...args.keyword.keys()].find((name) => name !== 'column');
    if (first === undefined || names.length > 2 || wrong !== undefined) {
      throw new ConfigError('ref_all() takes a model, or a package and a model, and column=', {
        code: 'ref_invalid',
      });
    }
    const { origin } = args.site.place();
    const named =
      second === undefined ? { name: first, packageName: undefined } : { name: second, packageName: first };
    const members = node.refAll({ ...named, origin });
    const column = columnName(args, members);
    if (project.dialectName === 'duckdb') return unionByName(members, column);
    return moment.database
      ? unionOfColumns(moment.database, members, column, second ?? first)
      : unionOfDescribed(members, column);
  };
}

/** Undefined where no column is wanted: `column=none`. */
function columnName({ keyword }: CallArguments, members: readonly DatasetRelation[]): string | undefined {
  const given: Value | undefined = keyword.get('column');
  if (given === null) return undefined;
  return given === undefined ? members[0]?.dataset.dimension : printed(given);
}

function unionByName(members: readonly DatasetRelation[], column: string | undefined): string {
  const selects = members.map(
    ({ dataset, relation }) =>
      `  select ${datasetColumn(dataset.value, column)}* from ${relation.toString()}`,
  );
  return inParentheses(selects, 'union all by name');
}

/** Where nobody can be asked for columns: those that property files list. */
function unionOfDescribed(members: readonly DatasetRelation[], column: string | undefined): string {
  const names = new Set(members.flatMap(({ described }) => described));
  const list = names.size === 0 ? '*' : [...names].map((name) => quoteIdentifier(name)).join(', ');
  const selects = members.map(
    ({ dataset, relation }) =>
      `  select ${datasetColumn(dataset.value, column)}${list} from ${relation.toString()}`,
  );
  return inParentheses(selects, 'union all');
}

/** For databases that match the columns of a union by place. */
async function unionOfColumns(
  database: TemplateDatabase,
  members: readonly DatasetRelation[],
  column: string | undefined,
  name: string,
): Promise<string> {
  const found: (readonly RelationColumn[])[] = [];
  for (const { columnsOf } of members) found.push(columnsOf ? await database.columns(columnsOf) : []);
  const types = new Map<string, string>();
  for (const { name: key, dataType } of found.flat()) if (!types.has(key)) types.set(key, dataType);
  if (column !== undefined && types.has(column)) {
    throw new ConfigError(`ref_all("${name}"): there is a column "${column}" already`, {
      code: 'column_twice',
      next: `Name the one that tells the dataset: ref_all("${name}", column="...").`,
    });
  }
  const selects = members.map(({ dataset, relation }, index) => {
    const own = new Set(found[index]?.map((each) => each.name));
    if (own.size === 0) {
      throw new ConfigError(`ref_all("${name}"): the columns of ${relation.toString()} are not known`, {
        code: 'columns_unknown',
        next: `Make "${name}" a view or a table, and build it first.`,
      });
    }
    const list = [...types].map(([key, type]) =>
      own.has(key) ? quoteIdentifier(key) : `cast(null as ${type}) as ${quoteIdentifier(key)}`,
    );
    return `  select ${datasetColumn(dataset.value, column)}${list.join(', ')} from ${relation.toString()}`;
  });
  return inParentheses(selects, 'union all');
}

function datasetColumn(value: string, column: string | undefined): string {
  return column === undefined ? '' : `${standardLiteral(value)} as ${quoteIdentifier(column)}, `;
}

function inParentheses(selects: readonly string[], union: string): string {
  return `(\n${selects.join(`\n  ${union}\n`)}\n)`;
}
