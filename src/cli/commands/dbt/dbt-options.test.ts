import { expect, test } from 'vitest';
import { withProjectFlags } from './dbt-options.ts';

test('flags of the project count where nobody says something else', () => {
  const project = {
    fail_fast: true,
    warn_error: true,
    warn_error_options: { include: 'all' },
    indirect_selection: 'cautious',
    use_colors: false,
  };
  expect(withProjectFlags({ select: ['a'], failFast: false }, project)).toEqual({
    select: ['a'],
    failFast: false,
    warnError: true,
    warnErrorOptions: '{"include":"all"}',
    indirectSelection: 'cautious',
  });
});
