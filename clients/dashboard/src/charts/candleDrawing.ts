import type uPlot from 'uplot'
import { colorOf } from './colors.ts'

/**
 * Draws candles of the series open, high, low, close. A rising candle is hollow and a falling one is filled, so that the direction does
 * not hang on the colour.
 */
export const candleDrawing = (plot: uPlot): void => {
  const { ctx, data, bbox } = plot
  const [x, open, high, low, close] = data as unknown as (number | null)[][]
  if (!x || x.length === 0) return
  const [from, to] = [plot.scales.x!.min!, plot.scales.x!.max!]
  const gap = x.length > 1 ? Math.min(...x.slice(1).map((t, i) => t! - x[i]!)) : 60_000
  const width = Math.max(1, Math.min(14 * devicePixelRatio, ((bbox.width * gap) / (to - from)) * 0.7))
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.lineWidth = devicePixelRatio
  for (const [i, t] of x.entries()) {
    const [o, h, l, c] = [open![i], high![i], low![i], close![i]]
    if (t === null || o == null || h == null || l == null || c == null || t < from || t > to) continue
    const at = Math.round(plot.valToPos(t, 'x', true))
    const [yo, yh, yl, yc] = [o, h, l, c].map(value => Math.round(plot.valToPos(value, 'y', true))) as [number, number, number, number]
    const rising = c >= o
    ctx.strokeStyle = ctx.fillStyle = colorOf(rising ? '--up' : '--down')
    ctx.beginPath()
    ctx.moveTo(at, yh)
    ctx.lineTo(at, Math.min(yo, yc))
    ctx.moveTo(at, Math.max(yo, yc))
    ctx.lineTo(at, yl)
    ctx.stroke()
    const [top, height] = [Math.min(yo, yc), Math.max(1, Math.abs(yo - yc))]
    if (rising && width > 3) ctx.strokeRect(Math.round(at - width / 2), top, Math.round(width), height)
    else ctx.fillRect(Math.round(at - width / 2), top, Math.round(width), height)
  }
  ctx.restore()
}
