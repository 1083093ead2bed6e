import { ConfigError } from '../../core/errors.ts';
import {
  type CallArguments,
  contextOf,
  mappingOf,
  printed,
  type RenderContext,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { createAdapter, findRelation } from './adapter.ts';
import { dataFunctions } from './data-functions.ts';
import { dateTime, pythonModules } from './date-time.ts';
import { dispatchFunction, findMacro, macroNames, macroNamespace, ownMacro } from './macro-set.ts';
import { createExceptions, logFunction, printFunction } from './messages.ts';
import { createRelation, isRelation } from './relation.ts';
import type { Moment, NodeScope, ProjectScope } from './render-scope.ts';
import { statementFunctions } from './statements.ts';
import { createColumn } from './template-column.ts';
import { createVariables, environmentFunction } from './variables.ts';

/** What YAML files may use: variables, the environment, the target, and `doc` where it is given. */
export function yamlContext(project: ProjectScope, documents?: ReadonlyMap<string, string>): RenderContext {
  return contextOf({
    ...projectValues(project),
    ...(documents ? { doc: documentFunction(documents) } : {}),
  });
}

/** Everything that dbt gives to the template of a node. The project's own macros win over dbt's names, as in dbt. */
export function nodeContext(project: ProjectScope, node: NodeScope, moment: Moment): RenderContext {
  const values = new Map<string, Value>(Object.entries(nodeValues(project, node, moment)));
  values.set('builtins', {
    ref: values.get('ref') ?? null,
    source: values.get('source') ?? null,
    config: values.get('config') ?? null,
  });
  const { macros } = project;
  return {
    lookup: (name) =>
      ownMacro(macros, name)?.value ??
      values.get(name) ??
      findMacro(macros, name) ??
      macroNamespace(macros, name),
    *names() {
      yield* values.keys();
      yield* macroNames(macros);
      yield* macros.packages.keys();
    },
  };
}

function projectValues(project: ProjectScope): Record<string, Value> {
  return {
    ...dataFunctions,
    modules: pythonModules,
    var: createVariables(project.variables),
    env_var: environmentFunction(project.environment),
    target: project.target,
    project_name: project.projectName,
    dbt_version: '1.11.0',
  };
}

function nodeValues(project: ProjectScope, node: NodeScope, moment: Moment): Record<string, Value> {
  const { relation } = node;
  return {
    ...projectValues(project),
    ...statementFunctions(moment.database),
    ...notYetNames(),
    ref: refFunction(node),
    source: sourceFunction(node),
    config: new Config(node),
    model: node.model,
    this: relation ?? null,
    database: project.databaseName,
    schema: relation?.relationName.schema ?? project.targetSchema,
    execute: moment.isExecuting,
    run_started_at: dateTime(moment.startedAtMs),
    invocation_id: moment.invocationId,
    is_incremental: () => moment.isIncremental,
    should_full_refresh: () => moment.isFullRefresh,
    flags: new Flags(moment),
    adapter: createAdapter({
      type: project.dialectName,
      databaseName: project.databaseName,
      database: moment.database,
      dispatch: dispatchFunction(project.macros),
    }),
    api: { Relation: { create: relationFactory(project) }, Column: columnFactory() },
    log: logFunction(moment.log),
    print: printFunction(moment.log),
    exceptions: createExceptions(moment.log),
    load_relation: loadRelation(moment),
    after_commit: outsideTransaction,
    before_begin: outsideTransaction,
    in_transaction: (args: CallArguments) => hookText(args, true),
    noop_statement: () => '',
  };
}

class Flags implements TemplateObject {
  readonly #moment: Moment;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'FULL_REFRESH') return this.#moment.isFullRefresh;
    if (name === 'WHICH') return 'build';
    return /^[A-Z_]+$/.test(name) ? false : undefined;
  }
}

/** `config(...)` and `config.get(...)`. */
class Config implements TemplateObject {
  readonly #node: NodeScope;

  constructor(node: NodeScope) {
    this.#node = node;
  }

  jinjaCall(args: CallArguments): Value {
    const [given] = args.positional;
    const values = new Map(args.keyword);
    const mapping = mappingOf(given ?? null);
    for (const key of mapping?.keys() ?? []) values.set(printed(key), mapping?.get(key) ?? null);
    this.#node.configure(values, args.site.place().origin);
    return '';
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'get':
        return (args: CallArguments) => {
          const { name: key, default: fallback } = args.bind('config.get', [
            'name',
            'default?',
            'validator?',
          ]);
          return this.#node.configured(printed(key ?? null)) ?? fallback ?? null;
        };
      case 'require':
        return (args: CallArguments) => {
          const key = printed(args.get(0, 'name') ?? null);
          const value = this.#node.configured(key);
          if (value !== undefined) return value;
          throw new ConfigError(`the configuration "${key}" is required`, { code: 'config_missing' });
        };
      case 'persist_relation_docs':
      case 'persist_column_docs':
        return () => false;
      default:
        return undefined;
    }
  }
}

function refFunction(node: NodeScope): TemplateFunction {
  return (args) => {
    if (args.keyword.has('v') || args.keyword.has('version')) {
      throw new ConfigError('ref() of a model version is not yet supported', { code: 'not_yet_supported' });
    }
    const names = args.positional.map((value) => printed(value));
    const [first, second] = names;
    if (first === undefined || names.length > 2) {
      throw new ConfigError('ref() takes a model, or a package and a model', { code: 'ref_invalid' });
    }
    const { origin } = args.site.place();
    return second === undefined ? node.ref(first, undefined, origin) : node.ref(second, first, origin);
  };
}

function sourceFunction(node: NodeScope): TemplateFunction {
  return (args) => {
    const { source_name: source, table_name: table } = args.bind('source', ['source_name', 'table_name']);
    return node.source(printed(source ?? null), printed(table ?? null), args.site.place().origin);
  };
}

function relationFactory(project: ProjectScope): TemplateFunction {
  return (args) => {
    const bound = args.bind('api.Relation.create', ['database?', 'schema?', 'identifier?', 'type?']);
    const type = bound['type'] === 'view' || bound['type'] === 'table' ? bound['type'] : undefined;
    const text = (value: Value | undefined): string =>
      value === undefined || value === null ? '' : printed(value);
    const isThreePart = project.databaseName !== '';
    return createRelation(
      {
        database: isThreePart ? text(bound['database']) || project.databaseName : '',
        schema: text(bound['schema']),
        identifier: text(bound['identifier']),
      },
      type,
    );
  };
}

function columnFactory(): TemplateFunction {
  return (args) => {
    const bound = args.bind('api.Column', [
      'column',
      'dtype',
      'char_size?',
      'numeric_precision?',
      'numeric_scale?',
    ]);
    const type = printed(bound['dtype'] ?? null);
    return createColumn(printed(bound['column'] ?? null), type, type.toLowerCase());
  };
}

function loadRelation(moment: Moment): TemplateFunction {
  return (args) => {
    const relation = args.get(0, 'relation');
    if (!moment.database || !relation || !isRelation(relation)) return null;
    return findRelation(moment.database, relation.relationName);
  };
}

function hookText(args: CallArguments, isInTransaction: boolean): Value {
  return JSON.stringify({ sql: printed(args.get(0, 'sql') ?? ''), transaction: isInTransaction });
}

const outsideTransaction: TemplateFunction = (args) => hookText(args, false);

function documentFunction(documents: ReadonlyMap<string, string>): TemplateFunction {
  return (args) => {
    const name = printed(args.positional.at(-1) ?? '');
    const text = documents.get(name);
    if (text !== undefined) return text;
    throw new ConfigError(`there is no docs block "${name}"`, { code: 'doc_missing' });
  };
}

/** Names of dbt that a template may use and that are not built: their first use is an error that says so. */
function notYetNames(): Record<string, Value> {
  const names = [
    'graph',
    'metric',
    'function',
    'load_agate_table',
    'submit_python_job',
    'selected_resources',
    'write',
    'store_result',
  ];
  return Object.fromEntries(names.map((name) => [name, new NotYet(name)]));
}

class NotYet implements TemplateObject {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  jinjaCall(): Value {
    throw new ConfigError(`"${this.#name}" is not yet supported in templates`, { code: 'not_yet_supported' });
  }

  jinjaAttribute(): Value | undefined {
    return this.jinjaCall();
  }
}
