// One diagram in the list.
import type { Summary } from '../api.ts'
import { pathOf } from '../router.ts'
import { Icon } from '../ui/icons.tsx'
import { type Item, Menu } from '../ui/menu.tsx'
import { ago, exactly } from '../ui/time.ts'
import { contentOf, inWords } from './content.ts'
import { gives } from './drag.ts'
import { Picture } from './picture.tsx'

export function Card({
  diagram,
  deleted,
  actions,
}: {
  readonly diagram: Summary
  /** There is nothing to open. */
  readonly deleted: boolean
  readonly actions: readonly Item[]
}) {
  const at = diagram.deletedAt ?? diagram.updatedAt
  return (
    <li class="card">
      <a class="card-link" {...(!deleted && linkTo(diagram.id, actions.length > 0))}>
        <Picture diagram={diagram} />
        <span class="card-title">{diagram.title}</span>
        <span class="card-about">{inWords(contentOf(diagram.summary))}</span>
        <time class="card-about" dateTime={at} title={exactly(at)}>
          {deleted ? 'Deleted' : 'Changed'} {ago(at, Date.now())}
        </time>
      </a>
      {actions.length > 0 && (
        <Menu label={`More for ${diagram.title}`} class="icon-button card-more" items={actions}>
          <Icon name="more" />
        </Menu>
      )}
    </li>
  )
}

/** Who may move diagrams can drag them to a project. */
function linkTo(id: string, mayMove: boolean) {
  return { href: pathOf({ page: 'diagram', id }), ...(mayMove && gives(id)) }
}
