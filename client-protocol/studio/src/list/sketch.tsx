// The picture of a diagram that has none: a drawing of about what it contains, never of its real shape.
import type { Content } from './content.ts'

const STEP = 46
const MIDDLE = 60

/** At most so many steps are drawn. */
const STEPS = 3

export function Sketch({ content }: { readonly content: Content }) {
  const lanes = Math.min(content.pools, 2)
  if (lanes === 0) return <Frame>{row(content, MIDDLE)}</Frame>
  const height = lanes === 1 ? 64 : 46
  return (
    <Frame>
      {Array.from({ length: lanes }, (_, lane) => {
        const top = lanes === 1 ? 28 : 10 + lane * 54
        const share = {
          ...content,
          activities: Math.max(1, Math.ceil(content.activities / lanes)),
          gateways: 0,
        }
        return (
          <g key={lane}>
            <rect class="sketch-pool" x="10" y={top} width="220" height={height} rx="2" />
            <path class="sketch-pool" d={`M24 ${top}v${height}`} />
            {row(lane === 0 ? { ...share, gateways: content.gateways } : share, top + height / 2)}
          </g>
        )
      })}
    </Frame>
  )
}

function Frame({ children }: { readonly children: preact.ComponentChildren }) {
  return (
    <svg class="sketch" viewBox="0 0 240 120" aria-hidden="true">
      {children}
    </svg>
  )
}

/** Start, steps, perhaps a decision, end; centred. */
function row(content: Content, y: number) {
  const steps = Math.min(content.activities, content.gateways > 0 ? STEPS - 1 : STEPS)
  const middle = [...Array(steps).fill('step'), ...(content.gateways > 0 ? ['decision'] : [])]
  const nodes = ['start', ...middle, ...(middle.length > 0 ? ['end'] : [])]
  const left = 127 - ((nodes.length - 1) * STEP) / 2
  const x = (i: number) => left + i * STEP
  // Lines first: the nodes lie on them.
  return (
    <>
      {nodes.length > 1 && <path class="sketch-flow" d={`M${left} ${y}H${x(nodes.length - 1)}`} />}
      {nodes.map((kind, i) => (
        <Node key={x(i)} kind={kind} x={x(i)} y={y} />
      ))}
    </>
  )
}

function Node({ kind, x, y }: { readonly kind: string; readonly x: number; readonly y: number }) {
  if (kind === 'step') return <rect class="sketch-node" x={x - 14} y={y - 10} width="28" height="20" rx="4" />
  if (kind === 'decision') return <path class="sketch-node" d={`M${x - 11} ${y}l11-11 11 11-11 11Z`} />
  return <circle class={kind === 'end' ? 'sketch-node end' : 'sketch-node'} cx={x} cy={y} r="8" />
}
