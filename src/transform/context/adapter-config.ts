import type { Value } from '../jinja/index.ts';
import { PlainObject } from './plain-object.ts';
import type { ProjectScope } from './render-scope.ts';

/** dbt's `adapter.config`: what the project is built with, without what is secret. */
export function adapterConfig({ target, quoting, projectName }: ProjectScope): Value {
  const { database = true, schema = true, identifier = true } = quoting;
  return new PlainObject([
    ['project_name', projectName],
    ['profile_name', target['profile_name'] ?? null],
    ['target_name', target['target_name'] ?? target['name'] ?? null],
    ['threads', target['threads'] ?? null],
    ['quoting', { database, schema, identifier }],
    ['credentials', target],
  ]);
}
