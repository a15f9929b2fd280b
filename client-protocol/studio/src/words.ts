// What went wrong, in words, and what to do about it. Pure.
import { ApiError } from './api.ts'

export interface Explained {
  /** What happened, as a sentence. */
  readonly text: string
  /** What to do, as a sentence; empty where nothing helps. */
  readonly advice: string
}

/** What an error means to a person. Total: also for errors that nobody expected. */
export function explain(error: unknown): Explained {
  if (!(error instanceof ApiError)) {
    return { text: 'Something went wrong on this page.', advice: 'Reload it; what was saved is safe.' }
  }
  const wait = error.retryAfter === undefined ? 'a moment' : `${error.retryAfter} s`
  switch (error.code) {
    case 'offline':
      return { text: 'The server can’t be reached.', advice: 'Check your connection and try again.' }
    case 'timeout':
      return { text: 'The server took too long to answer.', advice: 'Try again.' }
    case 'unauthorized':
      return { text: 'You are signed out.', advice: 'Sign in again.' }
    case 'forbidden':
      return { text: 'You may not do this.', advice: sentence(error.detail) }
    case 'removed':
    case 'not-a-member':
      return { text: 'You are no member of the organisation.', advice: 'Ask an administrator to add you.' }
    case 'last-admin':
      return { text: 'The organisation needs an administrator.', advice: 'Make somebody else one first.' }
    case 'not-found':
      return { text: 'There is no such diagram.', advice: 'It may have been deleted.' }
    case 'quota-exceeded':
      return {
        text: 'Your organisation has as many diagrams as its plan allows.',
        advice: 'Delete one, or ask for a larger plan.',
      }
    case 'too-large':
      return { text: 'This is too large for the server.', advice: sentence(error.detail) }
    case 'invalid-bpmn':
      return { text: 'This is not a BPMN diagram that can be opened.', advice: sentence(error.detail) }
    case 'too-many-requests':
      return { text: 'That was a lot at once.', advice: `Try again in ${wait}.` }
    case 'unavailable':
      return { text: 'The server can’t do this right now.', advice: `Try again in ${wait}.` }
    default:
      return { text: `${sentence(error.message)}`, advice: sentence(error.detail) }
  }
}

/** Capital letter and full stop. */
function sentence(text: string | undefined): string {
  if (text === undefined || text === '') return ''
  const [first = '', ...rest] = [...text]
  const whole = first.toLocaleUpperCase() + rest.join('')
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`
}
