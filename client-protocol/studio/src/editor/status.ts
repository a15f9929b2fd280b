// What a person has to know about saving, the connection and the right to edit, in words. Pure: time comes in.
import type { Connection, Rights, Saved } from 'atelier-client'

export type Tone = 'good' | 'busy' | 'warn' | 'bad'

/** The short line beside the title. */
export interface Indicator {
  readonly tone: Tone
  readonly text: string
}

/** What stands over the canvas until it is over. */
export interface Banner {
  readonly tone: 'warn' | 'bad'
  readonly text: string
  readonly advice: string
  readonly action: 'reconnect' | 'sign in' | 'list' | 'reload' | null
}

export interface State {
  readonly connection: Connection
  readonly saved: Saved
  readonly rights: Rights
}

/** Whether everything is saved. */
export function indicator({ connection, saved }: State, now: number): Indicator {
  if (saved.unsaved === 0) {
    if (connection.state === 'online') return { tone: 'good', text: 'Saved' }
    return connection.state === 'connecting'
      ? { tone: 'busy', text: 'Connecting …' }
      : { tone: 'warn', text: 'Offline' }
  }
  const edits = counted(saved.unsaved)
  if (saved.problem === 'too large' || saved.problem === 'read only' || connection.state === 'refused') {
    return { tone: 'bad', text: `${edits} not saved` }
  }
  if (saved.overdue) return { tone: 'bad', text: `Not saved for ${seconds(saved.since, now)}` }
  return connection.state === 'offline'
    ? { tone: 'warn', text: `${edits} not saved` }
    : { tone: 'busy', text: `Saving ${edits} …` }
}

/** The one thing that has to be said first; `null` where all is well. */
export function banner({ connection, saved, rights }: State, now: number): Banner | null {
  if (connection.state === 'refused') return refused(connection.reason.code, connection.text, saved)
  if (saved.problem !== null && saved.unsaved > 0) return trouble(saved)
  if (rights.readOnly === 'newer schema') {
    return {
      tone: 'warn',
      text: 'A newer version of Atelier has edited this diagram.',
      advice: 'You can look at it; reload the page to edit it.',
      action: 'reload',
    }
  }
  if (connection.state === 'offline') return offline(connection.retryAt, saved, now)
  if (saved.overdue) {
    return {
      tone: 'bad',
      text: `${counted(saved.unsaved)} not saved for ${seconds(saved.since, now)}.`,
      advice: keptAdvice(saved),
      action: null,
    }
  }
  return null
}

function offline(retryAt: number | null, saved: Saved, now: number): Banner {
  const wait = retryAt === null ? 0 : Math.ceil((retryAt - now) / 1000)
  const again = wait > 1 ? ` Trying again in ${wait} s.` : ' Trying again …'
  const unsaved = saved.unsaved > 0
  return {
    tone: saved.overdue && !saved.kept ? 'bad' : 'warn',
    text: unsaved ? `You are offline; ${counted(saved.unsaved)} not saved yet.` : 'You are offline.',
    advice: `${unsaved ? keptAdvice(saved) : 'You can go on: your edits are saved when you are back.'}${again}`,
    action: 'reconnect',
  }
}

function trouble(saved: Saved): Banner {
  const text = `${counted(saved.unsaved)} not saved: `
  switch (saved.problem) {
    case 'too large':
      return {
        tone: 'bad',
        text: `${text}the diagram has reached its size limit.`,
        advice: 'Undo your last step or delete something.',
        action: null,
      }
    case 'read only':
      return {
        tone: 'bad',
        text: `${text}you may only look at this diagram now.`,
        advice: 'Download it if you need your changes.',
        action: null,
      }
    default:
      return {
        tone: 'bad',
        text: `${text}the server can’t store anything at the moment.`,
        advice: `It is tried again by itself. ${keptAdvice(saved)}`,
        action: null,
      }
  }
}

function refused(code: number, text: string, saved: Saved): Banner {
  const lost =
    saved.unsaved > 0 ? ` ${counted(saved.unsaved)} not saved: download the diagram to keep them.` : ''
  const [advice, action] = REFUSALS[code] ?? (['Reload the page.', 'reload'] as const)
  return { tone: 'bad', text, advice: `${advice}${lost}`, action }
}

/** What to do after a close code that ends it. */
const REFUSALS: Readonly<Record<number, readonly [string, Banner['action']]>> = {
  4401: ['Sign in again to go on.', 'sign in'],
  4403: ['Ask its owner to let you in.', 'list'],
  4404: ['Your other diagrams are in the list.', 'list'],
}

function keptAdvice(saved: Saved): string {
  return saved.kept
    ? 'They are kept in this browser until then.'
    : 'Keep this page open: this browser can’t keep them.'
}

function counted(edits: number): string {
  return edits === 1 ? '1 edit' : `${edits} edits`
}

function seconds(since: number | null, now: number): string {
  const whole = Math.max(0, Math.round((now - (since ?? now)) / 1000))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min`
}
