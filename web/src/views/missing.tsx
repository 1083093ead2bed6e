import type { ReactNode } from 'react';
import { Empty } from '../parts/answer.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Link } from '../router.tsx';

export function MissingView(): ReactNode {
  return (
    <>
      <PageHead title="There is no such page" />
      <Empty title="The address leads nowhere">
        <Link to="/">Go to the overview</Link>
      </Empty>
    </>
  );
}
