// What a diagram contains, as its summary tells it. Pure and total: a summary is whatever a server sends.

export interface Content {
  readonly activities: number
  readonly gateways: number
  readonly pools: number
}

export function contentOf(summary: unknown): Content {
  const { activities, gateways, participants } = (summary ?? {}) as Record<string, unknown>
  return {
    activities: count(activities),
    gateways: count(gateways),
    pools: Array.isArray(participants) ? participants.length : 0,
  }
}

/** As a line below a title. */
export function inWords({ activities, gateways, pools }: Content): string {
  const parts = [
    some(activities, 'activity', 'activities'),
    some(gateways, 'gateway', 'gateways'),
    some(pools, 'pool', 'pools'),
  ].filter((part) => part !== '')
  return parts.join(' · ') || 'Nothing in it yet'
}

function some(number: number, one: string, more: string): string {
  return number === 0 ? '' : `${number} ${number === 1 ? one : more}`
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}
