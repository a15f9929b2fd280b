// What roles in an organisation are called. Pure.
import type { OrgRole } from './api.ts'

export const ROLES: Readonly<Record<OrgRole, string>> = {
  admin: 'Administrator',
  member: 'Member',
  viewer: 'Viewer',
}
