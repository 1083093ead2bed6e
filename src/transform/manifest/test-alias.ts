import { shortTestName } from './generic-test-name.ts';
import type { TestNode } from './transform-node.ts';

/** The name under which a test's SQL and failures are kept. */
export function aliasOf({ config, body, name }: TestNode): string {
  return config.alias ?? (body.sort === 'generic' ? shortTestName(name, body.identifier) : name);
}
