import { basename } from 'node:path/posix';
import { readYaml, type YamlFile } from '../config/yaml-file.ts';
import { type MillraceError, ProjectError } from '../core/errors.ts';
import { syncMistake } from './errors.ts';
import { type EndpointYaml, syncSchema, type SyncYaml } from './file-schema.ts';
import type { DeleteLimit, Endpoint, Sync, SyncEndpoints } from './sync.ts';

/**
 * Reads one sync file.
 * @param relativePath relative to the project folder, as messages show it
 * @throws ProjectError with every mistake and its line
 */
export function readSync(text: string, relativePath: string): Sync {
  const yaml = readYaml(text, relativePath, syncSchema);
  const mistakes = [...mappingMistakes(yaml), ...endpointMistakes(yaml)];
  const name = yaml.value.name ?? basename(relativePath).replace(/\.ya?ml$/, '');
  if (!/^[A-Za-z0-9_-]{1,40}$/.test(name)) {
    mistakes.push(
      syncMistake(
        `'${name}' cannot name a sync: 1 to 40 letters, digits, _ or -`,
        'sync_name_invalid',
        { file: relativePath, line: 1 },
        'Add name: to the file',
      ),
    );
  }
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  return syncOf(yaml, name, relativePath);
}

function syncOf(yaml: YamlFile<SyncYaml>, name: string, file: string): Sync {
  const { value } = yaml;
  const endpoints = endpointsOf(value);
  return {
    name,
    description: value.description,
    tags: list(value.tags),
    schedule: list(value.schedule),
    origin: { file, line: 1 },
    model: value.model,
    modelOrigin: yaml.originOf(['model']),
    destination: value.destination,
    primaryKey: list(value.primary_key),
    primaryKeyOrigin: yaml.originOf(['primary_key']),
    fields: Object.entries(value.fields).map(([field, column]) => ({
      field,
      column,
      origin: yaml.originOf(['fields', field]),
    })),
    endpoints,
    ...(value.rate_limit
      ? { rateLimit: { requests: value.rate_limit.requests, perSeconds: value.rate_limit.per_seconds } }
      : {}),
    onDelete: value.on_delete ?? (endpoints.delete ? 'delete' : 'ignore'),
    maxDeletes: deleteLimit(value.max_deletes),
    onInvalidKey: value.on_invalid_key,
    maxFailures: value.max_failures,
    retry: {
      maxAttempts: value.retry.max_attempts,
      delaySeconds: value.retry.delay_seconds,
      maxDelaySeconds: value.retry.max_delay_seconds,
    },
  };
}

function list(words: string | readonly string[] | undefined): readonly string[] {
  if (words === undefined) return [];
  return typeof words === 'string' ? [words] : words;
}

function deleteLimit(value: number | string): DeleteLimit {
  if (typeof value === 'number') return { kind: 'count', rows: value };
  return { kind: 'share', share: Number(value.slice(0, -1)) / 100 };
}

function endpointsOf({ endpoints, batch_size }: SyncYaml): SyncEndpoints {
  const { upsert, insert, update, delete: remove } = endpoints;
  return {
    ...(upsert && { upsert: endpointOf(upsert, batch_size) }),
    ...(insert && { insert: endpointOf(insert, batch_size) }),
    ...(update && { update: endpointOf(update, batch_size) }),
    ...(remove && { delete: endpointOf(remove, batch_size) }),
  };
}

function endpointOf(yaml: EndpointYaml, batchSize: number): Endpoint {
  const { results } = yaml;
  return {
    method: yaml.method,
    path: yaml.path,
    ...(yaml.records_key === null ? {} : { recordsKey: yaml.records_key }),
    batchSize: yaml.batch_size ?? batchSize,
    ...(results && {
      results: {
        list: results.list,
        ...(results.key === undefined ? {} : { key: results.key }),
        status: results.status,
        error: results.error,
        successWords: results.success.map((word) => word.toLowerCase()),
        reports: results.reports,
      },
    }),
  };
}

function mappingMistakes(yaml: YamlFile<SyncYaml>): MillraceError[] {
  const { fields } = yaml.value;
  const columns = Object.values(fields);
  if (columns.length === 0) {
    return [
      syncMistake(
        'a sync needs at least one field',
        'fields_missing',
        yaml.originOf(['fields']),
        'Write under fields: one line per field: destination_field: model_column',
      ),
    ];
  }
  const lower = Object.keys(fields).map((field) => field.toLowerCase());
  const twice = Object.keys(fields).find((field, index) => lower.indexOf(field.toLowerCase()) !== index);
  if (twice !== undefined) {
    return [
      syncMistake(
        `the field ${twice} is there twice: fields differ by more than capitals`,
        'field_twice',
        yaml.originOfKey(['fields', twice]),
      ),
    ];
  }
  return list(yaml.value.primary_key)
    .filter((key) => !columns.includes(key))
    .map((key) =>
      syncMistake(
        `the primary key ${key} is not among the columns of fields, so the destination could not tell rows apart`,
        'primary_key_unmapped',
        yaml.originOf(['primary_key']),
        `Add to fields: external_id: ${key}`,
      ),
    );
}

function endpointMistakes(yaml: YamlFile<SyncYaml>): MillraceError[] {
  const { endpoints, on_delete, primary_key } = yaml.value;
  const mistakes: MillraceError[] = [];
  const place = yaml.originOfKey(['endpoints']);
  const pair = [endpoints.insert, endpoints.update].filter((endpoint) => endpoint !== undefined);
  if (endpoints.upsert ? pair.length > 0 : pair.length < 2) {
    mistakes.push(
      syncMistake(
        'endpoints takes either upsert, or both insert and update',
        'endpoints_incomplete',
        place,
        'Write: upsert: { method: POST, path: /... }',
      ),
    );
  }
  if (on_delete === 'delete' && !endpoints.delete) {
    mistakes.push(
      syncMistake(
        'on_delete: delete needs an endpoint for it',
        'endpoints_incomplete',
        yaml.originOf(['on_delete']),
        'Add delete: { method: POST, path: /... } under endpoints, or set on_delete: ignore',
      ),
    );
  }
  for (const [name, endpoint] of Object.entries(endpoints)) {
    if (endpoint?.results?.key === undefined || list(primary_key).length === 1) continue;
    mistakes.push(
      syncMistake(
        'results cannot be told by key when the primary key has several columns',
        'results_key_composite',
        yaml.originOf(['endpoints', name, 'results', 'key']),
        'Leave key out: results are then taken in the order of the records',
      ),
    );
  }
  return mistakes;
}
