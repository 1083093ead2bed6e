import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef, type ReactNode } from 'react';
import type { ChartBlock } from '../../../src/server/contract.ts';
import { formatCompact, formatNumber } from '../format.ts';
import { useTheme } from '../theme.ts';
import { chartData } from './series.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** A bar or line chart. Its own module, so that the chart library is read only where one is drawn. */
export default function Chart({ block }: { readonly block: ChartBlock }): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const chart = init(element, undefined, { renderer: 'canvas' });
    chart.setOption(chartOption(block, readColours(element)));
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [block, theme]);
  return (
    <div
      className="chart-place"
      ref={place}
      role="img"
      aria-label={`${block.title}. The same figures are in the table.`}
    />
  );
}

interface Colours {
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly surface: string;
  readonly series: readonly string[];
}

function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: read('--ink'),
    quiet: read('--quiet'),
    line: read('--line'),
    surface: read('--raised'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((index) => read(`--series-${index}`)),
  };
}

const manyPoints = 60;

function chartOption(block: ChartBlock, colours: Colours) {
  const { categories, series } = chartData(block);
  const isLine = block.chart === 'line';
  const text = { color: colours.quiet, fontFamily: 'system-ui, sans-serif', fontSize: 12 };
  return {
    animationDuration: 300,
    color: [...colours.series],
    textStyle: text,
    grid: { left: 8, right: 16, top: series.length > 1 ? 40 : 16, bottom: 4, containLabel: true },
    ...(series.length > 1
      ? { legend: { top: 0, left: 4, icon: 'roundRect', itemWidth: 12, itemHeight: 8, textStyle: text } }
      : {}),
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      confine: true,
      axisPointer: { type: isLine ? 'line' : 'shadow', lineStyle: { color: colours.line } },
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { ...text, color: colours.ink },
      valueFormatter: (value: unknown) =>
        typeof value === 'number' ? formatNumber(value, block.format) : 'none',
    },
    xAxis: {
      type: 'category',
      data: [...categories],
      boundaryGap: !isLine,
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      splitLine: { lineStyle: { color: colours.line } },
      axisLabel: { ...text, formatter: (value: number) => axisText(value, block.format) },
    },
    series: series.map(({ name, values }) => ({
      type: isLine ? 'line' : 'bar',
      name,
      data: [...values],
      ...(isLine
        ? { showSymbol: categories.length <= manyPoints, symbolSize: 5, lineStyle: { width: 2 } }
        : { barMaxWidth: 44, itemStyle: { borderRadius: [4, 4, 0, 0] } }),
    })),
  };
}

function axisText(value: number, format: string | undefined): string {
  return format === 'percent' ? formatNumber(value, format) : formatCompact(value);
}
