import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Connector } from '../../src/connector/connector.ts';
import { findConnector } from '../../src/project/connections/connector-registry.ts';
import type { SuiteRunner } from '../../src/testing/index.ts';

export const vitestRunner: SuiteRunner = { describe, test, before: beforeAll, after: afterAll };

/** A connector with the roles that the registry tells before it is loaded. */
export function withRoles<Config>(connector: Connector<Config>): Connector<Config> {
  return { ...connector, roles: findConnector(connector.type)?.roles ?? [] };
}

/** An empty folder that is removed after the tests of a file. */
export function suiteFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-conformance-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
