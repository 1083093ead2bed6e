import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Size of a generated project. */
export interface ProjectSize {
  readonly models: number;
  /** Length of the longest chain of models. */
  readonly depth: number;
}

const modelsPerFile = 25;

/**
 * Writes a Millrace project whose `transform/` is a dbt project of `models` views with two tests each: chains of `depth`
 * models, in the style of real projects (configuration, variables, a macro, loops, conditions). dbt runs it from
 * `transform/` with the `profiles.yml` that is written beside.
 */
export async function generateProject(folder: string, { models, depth }: ProjectSize): Promise<void> {
  const write = async (path: string, text: string): Promise<void> => {
    const absolute = join(folder, path);
    await mkdir(join(absolute, '..'), { recursive: true });
    await writeFile(absolute, text);
  };
  await write(
    'connections.yaml',
    'connections:\n  WAREHOUSE:\n    type: duckdb\n    path: warehouse.duckdb\n',
  );
  await write(
    'millrace.config.ts',
    "import { defineProject } from 'millrace';\nexport default defineProject({ name: 'bench', warehouse: 'WAREHOUSE' });\n",
  );
  await write('transform/dbt_project.yml', projectFile);
  await write('transform/profiles.yml', profiles);
  await write('transform/macros/cents.sql', macro);
  const names = Array.from({ length: models }, (_, index) => nameOf(index));
  for (let start = 0; start < models; start += modelsPerFile) {
    const block = names.slice(start, start + modelsPerFile);
    const area = `area_${Math.floor(start / modelsPerFile)}`;
    await write(`transform/models/${area}/schema.yml`, properties(block));
    for (const [offset, name] of block.entries()) {
      const index = start + offset;
      const isFirst = index % depth === 0;
      await write(
        `transform/models/${area}/${name}.sql`,
        isFirst ? firstModel(index) : laterModel(index, nameOf(index - 1)),
      );
    }
  }
}

export function nameOf(index: number): string {
  return `model_${String(index).padStart(5, '0')}`;
}

const projectFile = `name: bench
version: "1.0"
config-version: 2
profile: bench
vars:
  rate: 100
  states: [placed, paid, shipped]
models:
  bench:
    +materialized: view
`;

const profiles = `bench:
  target: dev
  outputs:
    dev: {type: duckdb, path: dbt.duckdb, schema: main, threads: 4}
`;

const macro = `{% macro cents(column, digits=2) -%}
  round({{ column }} / {{ var('rate') }}.0, {{ digits }})
{%- endmacro %}
`;

function firstModel(index: number): string {
  return `{{ config(tags=['base']) }}
with source as (
    select
        i as id,
        i * ${(index % 7) + 1} as amount_cents,
        case i % 3 {% for state in var('states') %}when {{ loop.index0 }} then '{{ state }}' {% endfor %}end as state
    from range(10) as r(i)
)
select
    id,
    {{ cents('amount_cents') }} as amount,
    state
from source
`;
}

function laterModel(index: number, upstream: string): string {
  return `{{ config(tags=['derived', 'step_${index % 10}']) }}
{% set states = var('states') %}
with upstream as (
    select * from {{ ref('${upstream}') }}
),
flagged as (
    select
        id,
        amount,
        state
        {%- for state in states %},
        state = '{{ state }}' as is_{{ state }}
        {%- endfor %}
    from upstream
    {% if target.name == 'prod' %}where amount > 0{% endif %}
)
select
    id,
    amount + {{ cents('100', digits=0) }} as amount,
    state
from flagged
`;
}

function properties(names: readonly string[]): string {
  const models = names.map(
    (name) => `  - name: ${name}
    description: Amounts and states of ${name}.
    columns:
      - name: id
        description: The key.
        tests:
          - unique
          - not_null
      - name: amount
        description: In whole units.
`,
  );
  return `version: 2\nmodels:\n${models.join('')}`;
}
