import { ConfigError } from '../../core/errors.ts';
import { type CallArguments, printed, type TemplateFunction, type Value } from '../jinja/index.ts';
import type { NodeScope } from './render-scope.ts';

/** `ref()` of a node's template. */
export function refFunction(node: NodeScope): TemplateFunction {
  return (args) => {
    const names = args.positional.map((value) => printed(value));
    const [first, second] = names;
    if (first === undefined || names.length > 2) {
      throw new ConfigError('ref() takes a model, or a package and a model', { code: 'ref_invalid' });
    }
    const { origin } = args.site.place();
    const said = args.keyword.get('v') ?? args.keyword.get('version');
    const version = said === undefined || said === null ? undefined : versionValue(said);
    const datasets = datasetArgument(args);
    return node.ref({
      ...(second === undefined
        ? { name: first, packageName: undefined }
        : { name: second, packageName: first }),
      version,
      ...(datasets ? { datasets } : {}),
      origin,
    });
  };
}

/** `database='eu'` of `ref('orders', database='eu')`. */
function datasetArgument({ keyword }: CallArguments): { dimension: string; value: string } | undefined {
  const [dimension] = [...keyword.keys()].filter((name) => name !== 'v' && name !== 'version');
  return dimension === undefined ? undefined : { dimension, value: printed(keyword.get(dimension) ?? null) };
}

function versionValue(value: Value): string | number {
  return typeof value === 'number' ? value : printed(value);
}

/** `source()` of a node's template. */
export function sourceFunction(node: NodeScope): TemplateFunction {
  return (args) => {
    const { source_name: source, table_name: table } = args.bind('source', ['source_name', 'table_name']);
    return node.source(printed(source ?? null), printed(table ?? null), args.site.place().origin);
  };
}

/** `metric()` of a node's template. */
export function metricFunction(node: NodeScope): TemplateFunction {
  return (args) => {
    const names = args.positional.map((value) => printed(value));
    if (names.length === 0 || names.length > 2) {
      throw new ConfigError('metric() takes a metric, or a package and a metric', { code: 'ref_invalid' });
    }
    return node.metric(names);
  };
}
