// What can be done with one stored version besides looking at it.
import type { Version } from '../api.ts'
import { pathOf } from '../router.ts'
import { api } from '../session.ts'
import { Icon } from '../ui/icons.tsx'
import { type Item, Menu } from '../ui/menu.tsx'
import { complain } from '../ui/toasts.tsx'
import { copyLink } from './clipboard.ts'
import { fileName, save } from './downloads.ts'
import { titleOf } from './version-lines.tsx'

export function VersionMenu({
  id,
  title,
  version,
  since,
  items = [],
}: {
  readonly id: string
  /** Of the diagram. */
  readonly title: string
  readonly version: Version
  /** The version that it is compared with, if that can be drawn. */
  readonly since: number | null
  /** More, in front of the others. */
  readonly items?: readonly Item[]
}) {
  const number = version.version
  const file = `${fileName(title)} v${number}`
  const link = () =>
    copyLink(location.origin + pathOf({ page: 'diagram', id, versions: { from: number, to: null } }))
  const bpmn = async () => save(await api.versionBpmn(id, number), `${file}.bpmn`)
  const picture = async (other: number) =>
    save(
      await api.versionPicture(id, number, { since: other, theme: 'light' }),
      `${file} since v${other}.svg`,
    )
  return (
    <Menu
      label={`More for version ${number}, ${titleOf(version)}`}
      class="icon-button"
      items={[
        ...items,
        { label: 'Copy link', icon: 'link', act: () => void link() },
        { label: 'Download .bpmn', icon: 'download', act: () => void bpmn().catch(complain) },
        ...(since === null
          ? []
          : [
              {
                label: 'Download marked picture',
                icon: 'download',
                act: () => void picture(since).catch(complain),
              } as const,
            ]),
      ]}
    >
      <Icon name="more" />
    </Menu>
  )
}
