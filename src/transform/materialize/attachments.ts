import { ConfigError } from '../../core/errors.ts';
import { type Build, relationSql, run } from './build.ts';

/** What hangs on a PostgreSQL relation and would go with it: grants, and the views that read it. */
export interface Attachments {
  readonly grants: readonly string[];
  readonly views: readonly DependentView[];
}

interface DependentView {
  /** `"schema"."name"` */
  readonly name: string;
  /** `schema.name` in lower case. */
  readonly plainName: string;
  /** Statements that make it again. */
  readonly statements: readonly string[];
}

const grantsSql = `
select format('grant %s on %s to %s%s', acl.privilege_type, $1::text,
  case when acl.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end,
  case when acl.is_grantable then ' with grant option' else '' end)
from pg_class, aclexplode(relacl) as acl
where pg_class.oid = $1::text::regclass and acl.grantee <> relowner
order by 1`;

const viewsSql = `
with recursive reading as (
  select $1::regclass::oid as oid, 0 as depth
  union
  select rule.ev_class, reading.depth + 1
  from reading
  join pg_depend on pg_depend.refobjid = reading.oid and pg_depend.refclassid = 'pg_class'::regclass
    and pg_depend.classid = 'pg_rewrite'::regclass
  join pg_rewrite as rule on rule.oid = pg_depend.objid and rule.ev_class <> reading.oid
  where reading.depth < 100
)
select format('%I.%I', space.nspname, view.relname),
  space.nspname || '.' || view.relname,
  view.relkind,
  array_to_string(view.reloptions, ', '),
  pg_get_viewdef(view.oid),
  quote_ident(pg_get_userbyid(view.relowner)),
  array(select pg_get_indexdef(indexrelid) from pg_index where indrelid = view.oid order by 1)
from reading
join pg_class as view on view.oid = reading.oid
join pg_namespace as space on space.oid = view.relnamespace
where reading.depth > 0
group by view.oid, space.nspname, view.relname, view.relkind, view.reloptions, view.relowner
order by max(reading.depth), 1`;

const nothing: Attachments = { grants: [], views: [] };

/** Looks at what hangs on the existing relation. DuckDB binds views late and has no grants: nothing hangs there. */
export async function captureAttachments(build: Build): Promise<Attachments> {
  if (build.dialect.name !== 'postgres' || build.existing === undefined) return nothing;
  const { rows } = await build.session.query(viewsSql, [nameOf(build)], build.signal);
  const views: DependentView[] = [];
  for (const [quoted, plain, kind, options, definition, owner, indexes] of rows) {
    const name = String(quoted);
    const what = kind === 'm' ? 'materialized view' : 'view';
    const settings = typeof options === 'string' && options !== '' ? ` with (${options})` : '';
    const body = String(definition).replace(/;\s*$/, '');
    views.push({
      name,
      plainName: String(plain).toLowerCase(),
      statements: [
        `create ${what} ${name}${settings} as ${body}`,
        `alter ${what} ${name} owner to ${String(owner)}`,
        ...(Array.isArray(indexes) ? indexes.map(String) : []),
        ...(await grantsOf(build, name)),
      ],
    });
  }
  return { grants: await grantsOf(build, nameOf(build)), views };
}

/**
 * Makes again what went with the old relation. A view of this project that does not fit any more stays away until its
 * own step builds it; any other view that does not fit is a `dependent_view_broken` ConfigError.
 */
export async function restoreAttachments(build: Build, attachments: Attachments): Promise<void> {
  for (const grant of attachments.grants) await run(build, grant);
  for (const view of attachments.views) await restoreView(build, view);
}

async function restoreView(build: Build, view: DependentView): Promise<void> {
  await run(build, 'savepoint millrace_view');
  try {
    for (const statement of view.statements) await run(build, statement);
    await run(build, 'release savepoint millrace_view');
  } catch (cause) {
    if (build.signal.aborted) throw cause;
    await run(build, 'rollback to savepoint millrace_view');
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (build.ownViews.has(view.plainName)) {
      build.log(
        `view ${view.name} no longer fits and is gone until its own step builds it: ${reason}`,
        'warn',
      );
      return;
    }
    throw new ConfigError(`the view ${view.name} reads this relation and no longer fits it: ${reason}`, {
      code: 'dependent_view_broken',
      state: 'The old relation and the view are as they were.',
      next: `Drop or change ${view.name}, then run again.`,
      cause,
    });
  }
}

async function grantsOf(build: Build, name: string): Promise<readonly string[]> {
  const { rows } = await build.session.query(grantsSql, [name], build.signal);
  return rows.map(([statement]) => String(statement));
}

function nameOf(build: Build): string {
  return relationSql(build.dialect, { ...build.relation, database: '' });
}
