import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { automationQuery } from '../api.ts';
import { Backfills } from '../automation/backfills.tsx';
import { Ages, Conditions } from '../automation/conditions.tsx';
import { Schedules } from '../automation/schedules.tsx';
import { Triggers } from '../automation/triggers.tsx';
import { useNodes } from '../node/use-nodes.ts';
import { Answer } from '../parts/answer.tsx';
import { PageHead } from '../parts/page-head.tsx';

export function AutomationView(): ReactNode {
  const automation = useQuery(automationQuery());
  const nodes = useNodes();
  return (
    <>
      <PageHead title="Automation" description="What starts runs by itself, and what came of it." />
      <Answer query={automation} of="the automation">
        {(automation) => (
          <>
            {!automation.active && (
              <p className="notice">
                Nothing starts runs by itself here: this server runs with <code>--no-schedules</code>.
              </p>
            )}
            <Schedules schedules={automation.schedules} />
            <Triggers triggers={automation.triggers} />
            <Conditions automation={automation} nodes={nodes} />
            <Ages automation={automation} nodes={nodes} />
            <Backfills backfills={automation.backfills} />
          </>
        )}
      </Answer>
    </>
  );
}
