import { ConfigError } from '../../core/errors.ts';
import type { RefNode } from '../manifest/transform-node.ts';
import { type Build, relationSql, run } from './build.ts';

const currentSql = `
select lower(acl.privilege_type),
  case when acl.grantee = 0 then 'public' else pg_get_userbyid(acl.grantee) end
from pg_class, aclexplode(relacl) as acl
where pg_class.oid = $1::text::regclass and acl.grantee <> relowner
  and acl.grantor = (select oid from pg_roles where rolname = current_role)
order by 1, 2`;

/**
 * Gives a relation the privileges that are configured, and takes away others that the same role has given. Where none are configured they
 * stay as they are. DuckDB has no grants.
 */
export async function applyGrants(build: Build, node: RefNode): Promise<void> {
  if (!node.config.hasGrants) return;
  if (build.dialect.name !== 'postgres') {
    build.log('DuckDB has no grants: those that are configured are left out', 'warn');
    return;
  }
  const grants = Object.entries(node.config.grants);
  for (const [privilege] of grants) checkPrivilege(privilege, node);
  const name = relationSql(build.dialect, { ...build.relation, database: '' });
  const wanted = new Set(grants.flatMap(([privilege, names]) => names.map((role) => keyOf(privilege, role))));
  const { rows } = await build.session.query(currentSql, [name], build.signal);
  for (const [privilege, role] of rows.map((row) => row.map(String))) {
    if (privilege === undefined || role === undefined) continue;
    const isWanted = [privilege, 'all', 'all privileges'].some((said) => wanted.has(keyOf(said, role)));
    if (!isWanted) await run(build, `revoke ${privilege} on ${name} from ${roleSql(build, role)}`);
  }
  for (const [privilege, grantees] of grants) {
    const names = grantees.map((grantee) => roleSql(build, grantee)).join(', ');
    await run(build, `grant ${privilege} on ${name} to ${names}`);
  }
}

function checkPrivilege(privilege: string, node: RefNode): void {
  if (/^[a-z ]+$/i.test(privilege)) return;
  throw new ConfigError(`"${privilege}" is no privilege`, {
    code: 'config_invalid',
    origin: node.entries.get('grants')?.origin ?? node.origin,
  });
}

function keyOf(privilege: string, role: string): string {
  return `${privilege} ${role}`.toLowerCase();
}

/** A plain name is written bare, as dbt does, so that `public` and folded names mean what they mean there. */
function roleSql(build: Build, grantee: string): string {
  return /^[A-Za-z_]\w*$/.test(grantee) ? grantee : build.dialect.quote(grantee);
}
