import { scaleLinear, scaleTime } from "d3-scale";
import { stack } from "d3-shape";
import { useId } from "react";
import type { Point, Span } from "../api/refreshes.ts";
import { Table, type Column } from "../design/table.tsx";
import { useWidth } from "../design/use-width.ts";
import { OUTCOMES, type Outcome } from "./outcomes.ts";
import styles from "./request-chart.module.css";

interface RequestChartProps {
  series: readonly Point[];
  span: Span;
}

const HEIGHT = 220;
const MARGIN = { start: 44, end: 8, top: 8, bottom: 24 };

/** Bars over time, stacked by outcome; what they show stands in a table below, too. */
export function RequestChart({ series, span }: RequestChartProps) {
  const [width, measure] = useWidth();
  const total = series.reduce((sum, point) => sum + point.requests, 0);
  const outcomes = OUTCOMES.filter(({ key }) => series.some((point) => point.outcomes[key] > 0));
  if (total === 0) return <p className={styles["none"]}>No token request was made in this time.</p>;
  return (
    <>
      <ul className={styles["legend"]} aria-label="Outcomes">
        {outcomes.map(({ key, words }) => (
          <li key={key} className={styles[key]}>
            {words}: {series.reduce((sum, point) => sum + point.outcomes[key], 0).toLocaleString("en")}
          </li>
        ))}
      </ul>
      <div ref={measure} className={styles["place"]}>
        {width > 0 && <Bars series={series} span={span} outcomes={outcomes} width={width} />}
      </div>
      <details className={styles["table"]}>
        <summary>Show the figures</summary>
        <Table
          caption="Token requests by time and outcome"
          columns={columnsFor(outcomes, span)}
          rows={series.filter((point) => point.requests > 0).toReversed()}
          keyOf={({ at }) => at}
        />
      </details>
    </>
  );
}

interface BarsProps extends RequestChartProps {
  outcomes: readonly Outcome[];
  width: number;
}

function Bars({ series, span, outcomes, width }: BarsProps) {
  const title = useId();
  const { x, y, bar } = scalesFor(series, width);
  const layers = stack<unknown, Point, Outcome>()
    .keys(outcomes)
    .value(({ outcomes: counts }, { key }) => counts[key])(series);
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a drawing is no file (SVG-AAM)
    <svg viewBox={`0 0 ${width} ${HEIGHT}`} width={width} height={HEIGHT} role="img" aria-labelledby={title}>
      <title id={title}>Token requests over time, stacked by outcome. The figures are in the table below.</title>
      {y
        .ticks(4)
        .filter(Number.isInteger)
        .map((count) => (
          <g key={count} transform={`translate(0 ${y(count)})`}>
            <line x1={MARGIN.start} x2={width - MARGIN.end} className={styles["grid"]} />
            <text x={MARGIN.start - 6} dy="0.32em" textAnchor="end" className={styles["tick"]}>
              {COMPACT.format(count)}
            </text>
          </g>
        ))}
      {layers.map((layer) => (
        <g key={layer.key.key} className={styles[layer.key.key]}>
          {layer.map(([from, to], place) => {
            const point = series[place];
            if (!point || to === from) return null;
            return (
              <rect
                key={point.at}
                x={x(Date.parse(point.at))}
                width={bar}
                y={y(to)}
                height={Math.max(1, y(from) - y(to))}
              >
                <title>{`${momentOf(point.at, span)}: ${wordsOf(point, outcomes)}`}</title>
              </rect>
            );
          })}
        </g>
      ))}
      {x.ticks(Math.max(2, Math.floor(width / 110))).map((time) => (
        <text key={time.getTime()} x={x(time)} y={HEIGHT - 6} textAnchor="middle" className={styles["tick"]}>
          {TICKS[span].format(time)}
        </text>
      ))}
    </svg>
  );
}

function scalesFor(series: readonly Point[], width: number) {
  const times = series.map(({ at }) => Date.parse(at));
  const first = times[0] ?? 0;
  const step = (times[1] ?? first) - first;
  const most = Math.max(1, ...series.map(({ requests }) => requests));
  const inner = width - MARGIN.start - MARGIN.end;
  return {
    x: scaleTime([first, (times.at(-1) ?? first) + step], [MARGIN.start, width - MARGIN.end]),
    y: scaleLinear([0, most], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(4),
    bar: Math.max(1, (inner / series.length) * 0.8),
  };
}

function wordsOf(point: Point, outcomes: readonly Outcome[]): string {
  const said = outcomes.filter(({ key }) => point.outcomes[key] > 0);
  return said.map(({ key, words }) => `${point.outcomes[key].toLocaleString("en")} ${words.toLowerCase()}`).join(", ");
}

function columnsFor(outcomes: readonly Outcome[], span: Span): Column<Point>[] {
  return [
    { head: "From", cell: ({ at }) => momentOf(at, span) },
    ...outcomes.map(({ key, words }) => ({
      head: words,
      numeric: true,
      cell: (point: Point) => point.outcomes[key].toLocaleString("en"),
    })),
  ];
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact" });
const HOURS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAYS = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const TICKS: Record<Span, Intl.DateTimeFormat> = { hour: HOURS, day: HOURS, month: DAYS };

function momentOf(at: string, span: Span): string {
  return TICKS[span].format(new Date(at));
}
