import { ConfigError } from '../../core/errors.ts';
import { type CallArguments, printed, type TemplateFunction, Tuple, type Value } from '../jinja/index.ts';
import { createResultTable } from './result-table.ts';
import type { TemplateDatabase } from './template-database.ts';

/** `run_query`, `statement` and `load_result`: SQL that a template runs while it is rendered. */
export function statementFunctions(
  database: TemplateDatabase | undefined,
): Readonly<Record<string, TemplateFunction>> {
  const results = new Map<string, Value>();
  return {
    run_query: (args) => {
      const sql = printed(args.bind('run_query', ['sql'])['sql'] ?? null);
      if (!database) return null;
      return database.query(sql).then((result) => createResultTable(result));
    },
    statement: (args) => {
      const { name, fetch_result: fetchResult } = args.bind('statement', [
        'name?',
        'fetch_result?',
        'auto_begin?',
        'language?',
      ]);
      if (!database) return '';
      return runStatement(database, args, fetchResult === true).then((result) => {
        if (typeof name === 'string') results.set(name, result);
        return '';
      });
    },
    load_result: (args) => {
      const name = printed(args.get(0, 'name') ?? null);
      const result = results.get(name);
      if (result === undefined && database) {
        throw new ConfigError(`no statement "${name}" has run`, { code: 'template_value' });
      }
      return result ?? null;
    },
  };
}

async function runStatement(
  database: TemplateDatabase,
  args: CallArguments,
  isFetched: boolean,
): Promise<Value> {
  const sql = printed((await args.renderCaller()) ?? '');
  if (!isFetched) {
    const rows = await database.execute(sql);
    return { response: { rows_affected: rows, code: 'SUCCESS', _message: 'OK' }, data: [], table: null };
  }
  const result = await database.query(sql);
  const table = createResultTable(result);
  return {
    response: { rows_affected: result.rows.length, code: 'SUCCESS', _message: 'OK' },
    data: table.rows.map((row) => new Tuple([...row.values])),
    table,
  };
}
