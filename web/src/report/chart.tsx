import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef, type ReactNode } from 'react';
import type { ChartBlock } from '../../../src/server/contract.ts';
import { formatCompact, formatNumber } from '../format.ts';
import { useTheme } from '../theme.ts';
import { chartData, type ChartData } from './series.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** A bar or line chart. Its own module, so that the chart library is read only where one is drawn. */
export default function Chart({ block }: { readonly block: ChartBlock }): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const chart = init(element, undefined, { renderer: 'canvas' });
    const colours = readColours(element);
    const observer = new ResizeObserver(() => {
      chart.resize();
      chart.setOption(chartOption(block, colours, element.clientWidth));
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [block, theme]);
  return (
    <div
      className="chart-place"
      style={{ height: `${chartHeight(block)}px` }}
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
const usualHeight = 300;
const barHeight = 28;
const drawingWidth = 940;
const letterWidth = 7.5;
/** Names of lying bars take so much of the width at most. */
const nameShare = 0.4;

/** Bars lie down when their names would not fit side by side. */
function liesDown(block: ChartBlock, { categories }: ChartData): boolean {
  const longest = Math.max(0, ...categories.map((category) => category.length));
  const fits = (longest + 2) * letterWidth < drawingWidth / categories.length;
  return block.chart === 'bar' && !isTime(categories) && !fits;
}

function isTime(categories: readonly string[]): boolean {
  return categories.every((category) => /^\d{4}-\d{2}/.test(category));
}

/** In pixels; grows with the bars when they lie. */
function chartHeight(block: ChartBlock): number {
  const data = chartData(block);
  if (!liesDown(block, data)) return usualHeight;
  return Math.max(usualHeight, data.categories.length * Math.max(1, data.series.length) * barHeight + 60);
}

function chartOption(block: ChartBlock, colours: Colours, widthPixels: number) {
  const data = chartData(block);
  const { categories, series } = data;
  const isLine = block.chart === 'line';
  const lying = liesDown(block, data);
  const text = { color: colours.quiet, fontFamily: 'system-ui, sans-serif', fontSize: 12 };
  const categoryAxis = {
    type: 'category',
    data: [...categories],
    inverse: lying,
    boundaryGap: !isLine,
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    axisLabel: {
      ...text,
      ...(isLine || isTime(categories) ? { hideOverlap: true } : { interval: 0 }),
      ...(lying ? { width: widthPixels * nameShare, overflow: 'truncate' } : {}),
    },
  };
  const valueAxis = {
    type: 'value',
    splitLine: { lineStyle: { color: colours.line } },
    axisLabel: { ...text, hideOverlap: true, formatter: (value: number) => axisText(value, block.format) },
  };
  return {
    animationDuration: 300,
    color: [...colours.series],
    textStyle: text,
    grid: { left: 8, right: 40, top: series.length > 1 ? 40 : 16, bottom: 4, containLabel: true },
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
    xAxis: lying ? valueAxis : categoryAxis,
    yAxis: lying ? categoryAxis : valueAxis,
    series: series.map(({ name, values }) => ({
      type: isLine ? 'line' : 'bar',
      name,
      data: [...values],
      ...(isLine
        ? { showSymbol: categories.length <= manyPoints, symbolSize: 5, lineStyle: { width: 2 } }
        : { barMaxWidth: 44, itemStyle: { borderRadius: lying ? [0, 4, 4, 0] : [4, 4, 0, 0] } }),
    })),
  };
}

function axisText(value: number, format: string | undefined): string {
  return format === 'percent' ? formatNumber(value, format) : formatCompact(value);
}
