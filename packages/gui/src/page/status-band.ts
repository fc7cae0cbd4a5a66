import { statusRank, type Status } from '@katbus/protocol';
import type uPlot from 'uplot';
import type { PlotData } from './plot-data.ts';
import type { Theme } from './theme.ts';

/** CSS pixels a rank: the worse a status, the higher its band, so that no colour is needed to see how bad it was. */
const PX_A_RANK = 3;

/** Along the bottom of the plot, the stretches of time in which the status was not nominal. */
export function drawStatusBand(plot: uPlot, { times, statuses }: PlotData, theme: Theme): void {
  const { ctx, bbox } = plot;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  for (let place = 0; place < statuses.length;) {
    const status: Status = statuses[place]!;
    let end = place + 1;
    while (end < statuses.length && statuses[end] === status) end += 1;
    if (status !== 'nominal') {
      const left = Math.max(bbox.left, plot.valToPos(times[place]!, 'x', true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(times[end] ?? times[end - 1]!, 'x', true));
      const height = statusRank(status) * PX_A_RANK * devicePixelRatio;
      ctx.fillStyle = theme.statuses[status];
      if (right > bbox.left) ctx.fillRect(left, bottom - height, Math.max(2, right - left), height);
    }
    place = end;
  }
  ctx.restore();
}
