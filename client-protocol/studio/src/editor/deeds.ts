// What somebody did to a diagram, in words. Pure and total: a detail is whatever a server sends.
import type { Deed } from '../api.ts'

/** Without who did it, such as `saved version 7`. */
export function inWords({ action, detail }: Deed): string {
  const { version, title, projectId, metadata } = (detail ?? {}) as Readonly<Record<string, unknown>>
  const number = typeof version === 'number' ? ` version ${version}` : ' a version'
  switch (action) {
    case 'diagram.created':
      return 'created the diagram'
    case 'diagram.changed':
      if (typeof title === 'string') return `renamed the diagram to “${title}”`
      if (projectId !== undefined)
        return projectId === null ? 'took it out of its project' : 'moved it to a project'
      return metadata === undefined ? 'changed its entry' : 'changed its metadata'
    case 'diagram.saved':
      return `saved${number}`
    case 'diagram.restored':
      return `restored an older state as${number}`
    case 'version.named':
      return `named${number}`
    case 'diagram.deleted':
      return 'deleted the diagram'
    case 'diagram.undeleted':
      return 'brought the diagram back'
    default:
      return action.replaceAll('.', ' ')
  }
}

/** The version that it made. */
export function versionOf({ detail }: Deed): number | undefined {
  const { version } = (detail ?? {}) as Readonly<Record<string, unknown>>
  return typeof version === 'number' && Number.isSafeInteger(version) ? version : undefined
}
