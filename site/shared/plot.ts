// Plots on a canvas, with a description for those who cannot see them.

import { html, render } from 'lit-html';
import UPlot, { type AlignedData, type Options, type Series } from 'uplot';
import { general } from './format.ts';
import { onThemeChange } from './page.ts';

export interface PlotSeries {
  readonly label: string;
  readonly y: ArrayLike<number | null>;
  /** A token of styles/tokens.css without its dashes; default 'ink'. */
  readonly color?: string;
  readonly kind?: 'line' | 'steps' | 'bars' | 'points';
  readonly width?: number;
  readonly dash?: readonly number[];
  /** The opacity of the area below the line, in the colour of the series. */
  readonly fill?: number;
}

export interface PlotSpec {
  /** A sentence about what the picture shows, which is read aloud in its place. */
  readonly description: string;
  readonly x: ArrayLike<number>;
  readonly series: readonly PlotSeries[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly height?: number;
  readonly yLog?: boolean;
  /** Ticks at whole numbers only. */
  readonly xWhole?: boolean;
  /** Names in place of 0, 1, 2, ... on the left. */
  readonly yNames?: readonly string[];
  readonly yRange?: readonly [number, number];
  readonly xRange?: readonly [number, number];
}

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const powersOfTen = (_: UPlot, splits: number[]) =>
  splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));

/**
 * <few-plot .spec=${...}>: a plot that follows the theme and the width of its container. Its legend shows the
 * numbers under the pointer.
 */
class FewPlot extends HTMLElement {
  #spec: PlotSpec | null = null;
  #plot: UPlot | null = null;
  #width = 0;
  #shape = '';
  readonly #resize = new ResizeObserver(() => this.#fit());

  set spec(spec: PlotSpec) {
    this.#spec = spec;
    if (this.isConnected) this.#draw();
  }

  connectedCallback(): void {
    if (!this.firstElementChild) render(html`<div class="canvas" role="img"></div>`, this);
    this.#resize.observe(this);
    this.#draw();
  }

  disconnectedCallback(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit(): void {
    const width = Math.floor(this.clientWidth);
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#plot?.setSize({ width, height: this.#spec?.height ?? 260 });
    if (!this.#plot) this.#draw();
  }

  /** Redraws with the colours of the theme. */
  recolor(): void {
    this.#shape = '';
    this.#draw();
  }

  #draw(): void {
    const spec = this.#spec;
    const canvas = this.firstElementChild as HTMLElement | null;
    this.#width = Math.floor(this.clientWidth);
    if (!spec || !canvas || this.#width === 0) return;
    canvas.setAttribute('aria-label', spec.description);
    const data = [spec.x, ...spec.series.map(({ y }) => y)].map((values) =>
      Array.isArray(values) ? values : Array.from(values),
    ) as unknown as AlignedData;
    const { x: _, series, description: __, ...rest } = spec;
    const shape = JSON.stringify([rest, series.map(({ y, ...look }) => look)]);
    if (this.#plot && shape === this.#shape) {
      this.#plot.setData(data);
      return;
    }
    this.#shape = shape;
    this.#plot?.destroy();
    canvas.replaceChildren();
    this.#plot = new UPlot(this.#options(spec), data, canvas);
  }

  /** A token as a colour for a canvas. */
  #color(token: string, opacity = 1): string {
    this.style.color = `var(--${token})`;
    const [r, g, b] = getComputedStyle(this).color.match(/[\d.]+/g) ?? [];
    this.style.color = '';
    return `rgb(${r} ${g} ${b} / ${opacity})`;
  }

  #options(spec: PlotSpec): Options {
    const style = getComputedStyle(this);
    const font = `13px ${style.getPropertyValue('--text')}`;
    const axis = {
      stroke: this.#color('ink-soft'),
      grid: { stroke: this.#color('rule'), width: 1 },
      ticks: { stroke: this.#color('rule'), width: 1 },
      font,
      labelFont: font,
      labelSize: 24,
    };
    return {
      width: this.#width,
      height: spec.height ?? 260,
      padding: [8, 12, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false, ...(spec.xRange && { range: [...spec.xRange] as [number, number] }) },
        y: {
          distr: spec.yLog ? 3 : 1,
          ...(spec.yRange && { range: [...spec.yRange] as [number, number] }),
        },
      },
      axes: [
        { ...axis, label: spec.xLabel, size: 32, ...(spec.xWhole && { incrs: WHOLE }) },
        {
          ...axis,
          label: spec.yLabel,
          size: (_, values) =>
            24 + 8 * Math.max(4, ...(values ?? []).map((text) => text?.length ?? 0)),
          ...(spec.yNames && {
            incrs: [1],
            grid: { show: false },
            values: (_: UPlot, splits: number[]) => splits.map((at) => spec.yNames?.[at] ?? ''),
          }),
          ...(spec.yLog && {
            grid: { ...axis.grid, filter: powersOfTen },
            values: (_: UPlot, splits: (number | null)[]) =>
              splits.map((at) => (at === null ? '' : general(at))),
          }),
        },
      ],
      series: [{ label: spec.xLabel }, ...spec.series.map((one) => this.#series(one))],
    };
  }

  #series({ label, color = 'ink', kind = 'line', width = 2, dash, fill }: PlotSeries): Series {
    const stroke = this.#color(color);
    const series: Series = {
      label,
      stroke,
      width,
      points: { show: kind === 'points', size: 6, fill: stroke },
    };
    if (dash) series.dash = [...dash];
    if (fill) series.fill = this.#color(color, fill);
    const { stepped, bars } = UPlot.paths;
    if (kind === 'steps') series.paths = stepped?.({ align: 1 });
    if (kind === 'bars') series.paths = bars?.({ size: [1, Infinity], gap: 1 });
    if (kind === 'points') series.paths = () => null;
    return series;
  }
}

customElements.define('few-plot', FewPlot);
onThemeChange(() => {
  for (const plot of document.querySelectorAll<FewPlot>('few-plot')) plot.recolor();
});
// Text in a canvas is not redrawn when fonts arrive late.
document.fonts.ready.then(() => {
  for (const plot of document.querySelectorAll<FewPlot>('few-plot')) plot.recolor();
});
