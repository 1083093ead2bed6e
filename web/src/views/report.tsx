import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ReportBlock, ReportView } from '../../../src/server/contract.ts';
import { reportQuery } from '../api.ts';
import { formatDateTime } from '../format.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ChartFigure } from '../report/chart-figure.tsx';
import { Markdown } from '../report/markdown.tsx';
import { ValueTile } from '../report/value-tile.tsx';
import { Link, paths } from '../router.tsx';

export function ReportPage({ name }: { readonly name: string }): ReactNode {
  const report = useQuery(reportQuery(name));
  return (
    <Answer query={report} of="the report">
      {(report) => <Report report={report} />}
    </Answer>
  );
}

function Report({ report }: { readonly report: ReportView }): ReactNode {
  return (
    <article className="report">
      <PageHead
        title={report.title}
        description={report.description || undefined}
        kicker={<>As of {formatDateTime(report.generatedAtMs)}</>}
      >
        <Link to={paths.node(`report/${report.name}`)} className="button">
          In the graph
        </Link>
      </PageHead>
      {report.blocks.length === 0 && <Empty title="The report is empty" />}
      {inRows(report.blocks).map((row, index) => (
        <Row key={index} blocks={row} pageTitle={report.title} />
      ))}
    </article>
  );
}

/** Values that follow one another share a row; everything else has one of its own. */
function inRows(blocks: readonly ReportBlock[]): ReportBlock[][] {
  const rows: ReportBlock[][] = [];
  for (const block of blocks) {
    const last = rows.at(-1);
    if (last?.[0] && isValue(last[0]) && isValue(block)) last.push(block);
    else rows.push([block]);
  }
  return rows;
}

function isValue(block: ReportBlock): boolean {
  return block.type === 'chart' && block.chart === 'value' && !block.error;
}

interface RowProps {
  readonly blocks: readonly ReportBlock[];
  readonly pageTitle: string;
}

function Row({ blocks, pageTitle }: RowProps): ReactNode {
  const [first] = blocks;
  if (first?.type === 'markdown') return <Markdown text={first.markdown} pageTitle={pageTitle} />;
  if (first && isValue(first)) {
    return (
      <ul className="tiles">
        {blocks.map((block, index) => block.type === 'chart' && <ValueTile key={index} block={block} />)}
      </ul>
    );
  }
  return first?.type === 'chart' ? <ChartFigure block={first} /> : null;
}
