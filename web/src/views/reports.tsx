import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { projectQuery } from '../api.ts';
import { useNodes } from '../node/use-nodes.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Icon } from '../parts/icon.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';

export function ReportsView(): ReactNode {
  const project = useQuery(projectQuery());
  const nodes = useNodes();
  return (
    <>
      <PageHead title="Reports" />
      <Answer query={project} of="the reports">
        {({ reports }) =>
          reports.length === 0 ? (
            <Empty title="No reports yet">
              <p>
                A report is a Markdown file in <code>reports/</code> with SQL blocks and chart tags.
              </p>
            </Empty>
          ) : (
            <ul className="report-cards">
              {reports.map((report) => {
                const view = nodes.get(report.key);
                return (
                  <li key={report.name} className="panel">
                    <Link to={paths.report(report.name)}>
                      <Icon name="reports" size={20} />
                      <strong>{report.title}</strong>
                      <span>{report.description}</span>
                      {view && <StateBadge health={view.health} />}
                    </Link>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Answer>
    </>
  );
}
