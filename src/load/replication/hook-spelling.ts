type Written = Readonly<Record<string, unknown>>;

/** Types that need not be written: `- check: run.total_rows > 0` is one of type check. */
const typeKeys = ['check', 'log', 'query', 'command', 'replication', 'routine'] as const;

/** A hook, or a list of them, with the type of each, and with the names of keys that its schema knows. */
export function spelledOut(written: unknown): unknown {
  if (Array.isArray(written)) return written.map(spelledOut);
  if (written === null || typeof written !== 'object') return written;
  const hook = keysSpelledOut(typed(written as Written));
  return 'steps' in hook ? { ...hook, steps: spelledOut(hook['steps']) } : hook;
}

/** True of a hook of type routine, whose type may not be written. */
export function isRoutine(hook: Written): boolean {
  return typed(hook)['type'] === 'routine';
}

function typed(hook: Written): Written {
  if (hook['type'] !== undefined) return hook;
  const type = typeKeys.find((key) => hook[key] !== undefined);
  return type === undefined ? hook : { ...hook, type };
}

function keysSpelledOut(hook: Written): Written {
  switch (hook['type']) {
    case 'log':
      return renamed(hook, 'log', 'message');
    case 'check':
      return renamed(hook, 'message', 'failure_message');
    case 'replication':
      return typeof hook['replication'] === 'string' ? renamed(hook, 'replication', 'path') : hook;
    case 'delete': {
      const { connection, path, ...rest } = hook;
      if (typeof connection !== 'string' || typeof path !== 'string') return hook;
      return { ...rest, location: `${connection}/${path}` };
    }
    default:
      return hook;
  }
}

/** What has both names keeps the second one. */
function renamed(hook: Written, from: string, to: string): Written {
  const { [from]: value, ...rest } = hook;
  return value === undefined ? hook : { [to]: value, ...rest };
}
