import { ConfigError } from '../../core/errors.ts';
import {
  type CallArguments,
  contextOf,
  Dict,
  fromJs,
  parseTemplate,
  printed,
  type RenderContext,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { adapterConfig } from './adapter-config.ts';
import { createAdapter } from './adapter.ts';
import { findRelation } from './adapter-questions.ts';
import { noteClockReading } from './clock.ts';
import { createConfigObject } from './config-object.ts';
import { dataFunctions } from './data-functions.ts';
import { dateTime, pythonModules } from './date-time.ts';
import { createFlags } from './flags.ts';
import { dispatchFunction, findMacro, macroNames, macroNamespace, ownMacro } from './macro-set.ts';
import { createExceptions, logFunction, printFunction } from './messages.ts';
import { PlainObject } from './plain-object.ts';
import { refAllFunction } from './ref-all.ts';
import { metricFunction, refFunction, sourceFunction } from './references.ts';
import { isRelation } from './relation.ts';
import { createApi } from './relation-api.ts';
import type { Moment, NodeScope, ProjectScope } from './render-scope.ts';
import { statementFunctions } from './statements.ts';
import { unsupportedNames } from './unsupported-names.ts';
import { createVariables, environmentFunction } from './variables.ts';

/** What YAML files may use: variables, the environment, the target, and `doc` where it is given. */
export function yamlContext(project: ProjectScope, documents?: ReadonlyMap<string, string>): RenderContext {
  return contextOf({
    ...projectValues(project),
    ...(documents ? { doc: documentFunction(documents) } : {}),
  });
}

/** What `profiles.yml` may use: the environment, secrets included, and variables of the command line. */
export function profileContext(
  environment: Readonly<Record<string, string | undefined>>,
  variables: Readonly<Record<string, unknown>>,
): RenderContext {
  return contextOf({
    ...dataFunctions,
    var: createVariables(variables),
    env_var: environmentFunction(environment, true),
  });
}

/** Everything that dbt gives to the template of a node. The project's own macros win over dbt's names, as in dbt. */
export function nodeContext(project: ProjectScope, node: NodeScope, moment: Moment): RenderContext {
  const own = nodeValues(project, node, moment);
  const shared = sharedValues(project, moment);
  const { macros } = project;
  return {
    lookup: (name) =>
      ownMacro(macros, name)?.value ??
      (name === 'model' ? node.model : own.get(name)) ??
      (name === 'graph' ? moment.graph() : sharedValue(shared, name)) ??
      findMacro(macros, name) ??
      macroNamespace(macros, name, (macro) => shared.get(macro)),
    *names() {
      yield* own.keys();
      yield 'model';
      yield* shared.keys();
      yield 'graph';
      yield* macroNames(macros);
      yield* macros.packages.keys();
    },
  };
}

/** What is another at every reading. */
const momentary: ReadonlySet<string> = new Set(['run_started_at', 'invocation_id']);

function sharedValue(shared: ReadonlyMap<string, Value>, name: string): Value | undefined {
  if (momentary.has(name)) noteClockReading();
  return shared.get(name);
}

const valuesByProject = new WeakMap<ProjectScope, Record<string, Value>>();

/** What all templates of a package have in common at all moments; made once. */
function projectValues(project: ProjectScope): Record<string, Value> {
  let values = valuesByProject.get(project);
  if (!values) valuesByProject.set(project, (values = createProjectValues(project)));
  return values;
}

function createProjectValues(project: ProjectScope): Record<string, Value> {
  return {
    ...dataFunctions,
    modules: pythonModules,
    var: createVariables(project.variables),
    env_var: environmentFunction(project.environment),
    target: project.target,
    project_name: project.projectName,
    dbt_version: '1.11.0',
    invocation_args_dict: {},
    dbt_metadata_envs: metadataEnvironment(project.environment),
  };
}

/** What is one node's, but for `model`, which is made when it is asked for. */
function nodeValues(project: ProjectScope, node: NodeScope, moment: Moment): ReadonlyMap<string, Value> {
  const { relation } = node;
  const builtins = {
    ref: new RefObject(project, node),
    source: sourceFunction(node),
    config: createConfigObject(node),
  };
  return new Map<string, Value>([
    ...Object.entries(builtins),
    ['builtins', builtins],
    ['metric', metricFunction(node)],
    ['ref_all', refAllFunction(project, node, moment)],
    ['this', relation ?? null],
    ['schema', relation?.relationName.schema ?? project.targetSchema],
  ]);
}

const sharedByMoment = new WeakMap<Moment, WeakMap<ProjectScope, ReadonlyMap<string, Value>>>();

/** What all nodes of a package have in common at one moment; made once. */
function sharedValues(project: ProjectScope, moment: Moment): ReadonlyMap<string, Value> {
  let byProject = sharedByMoment.get(moment);
  if (!byProject) sharedByMoment.set(moment, (byProject = new WeakMap()));
  let values = byProject.get(project);
  if (!values) byProject.set(project, (values = new Map(Object.entries(momentValues(project, moment)))));
  return values;
}

function momentValues(project: ProjectScope, moment: Moment): Record<string, Value> {
  return {
    ...projectValues(project),
    ...statementFunctions(moment.database),
    ...unsupportedNames(),
    ...(project.toleratesUndefined && !moment.isExecuting
      ? { var: createVariables(project.variables, true) }
      : {}),
    ...(moment.arguments.vars
      ? { var: createVariables({ ...project.variables, ...moment.arguments.vars }) }
      : {}),
    selected_resources: [...moment.arguments.selected],
    database: project.databaseName,
    execute: moment.isExecuting,
    run_started_at: dateTime(moment.startedAtMs),
    invocation_id: moment.invocationId,
    thread_id: 'main',
    is_incremental: () => moment.isIncremental,
    should_full_refresh: () => moment.isFullRefresh,
    flags: createFlags(moment.isFullRefresh, moment.arguments),
    invocation_args_dict: { which: moment.arguments.command },
    adapter: createAdapter({
      type: project.dialectName,
      databaseName: project.databaseName,
      config: adapterConfig(project),
      database: moment.database,
      dispatch: dispatchFunction(project.macros),
    }),
    api: createApi(project),
    render: renderFunction,
    write: () => '',
    try_or_compiler_error: tryFunction,
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

/** dbt's names for variables of the environment that are shown in artifacts. */
export const metadataPrefix = 'DBT_ENV_CUSTOM_ENV_';

function metadataEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.keys(environment)
      .filter((name) => name.startsWith(metadataPrefix))
      .map((name) => [name.slice(metadataPrefix.length), environment[name] ?? '']),
  );
}

/** dbt's `ref`; as an object, it has dbt's configuration of the invocation. */
class RefObject implements TemplateObject {
  readonly jinjaCall: TemplateFunction;
  readonly #project: ProjectScope;

  constructor(project: ProjectScope, node: NodeScope) {
    this.jinjaCall = refFunction(node);
    this.#project = project;
  }

  jinjaAttribute(name: string): Value | undefined {
    return name === 'config' ? invocationConfig(this.#project) : undefined;
  }
}

function invocationConfig(project: ProjectScope): Value {
  const { target } = project;
  return new Dict([
    ['project_name', project.macros.root],
    ['version', project.packageVersions[project.macros.root] ?? null],
    ['profile_name', target['profile_name'] ?? null],
    ['target_name', target['name'] ?? null],
    ['credentials', target],
    ['threads', target['threads'] ?? null],
    ['vars', new PlainObject(Object.entries(project.variables).map(([key, value]) => [key, fromJs(value)]))],
    ['cli_vars', {}],
    ['quoting', { ...project.quoting }],
    [
      'dependencies',
      Object.fromEntries(
        Object.entries(project.packageVersions).map(([name, version]) => [
          name,
          { project_name: name, version },
        ]),
      ),
    ],
  ]);
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

/** `render(text)`: a text as a template of its own, in the context of the caller. */
const renderFunction: TemplateFunction = (args) => {
  const { text } = args.bind('render', ['text']);
  const template = parseTemplate(
    `{% macro rendered() %}${printed(text ?? '')}{% endmacro %}`,
    args.site.place().origin.file,
  );
  return args.site.call(template.macros.get('rendered') ?? null, args.with([]));
};

/** `try_or_compiler_error(message, function, ...arguments)` */
const tryFunction: TemplateFunction = async (args) => {
  const [message, work, ...given] = args.positional;
  try {
    return await args.site.call(work ?? null, args.with(given, args.keyword));
  } catch (cause) {
    throw new ConfigError(printed(message ?? null), { code: 'template_raised', cause });
  }
};
