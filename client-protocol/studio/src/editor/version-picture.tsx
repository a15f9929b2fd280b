// A milestone drawn small, with what changed since the one before marked.
import { api } from '../session.ts'
import { theme } from '../theme.ts'
import { useImage } from '../ui/image.ts'

export function VersionPicture({
  id,
  version,
  since,
}: {
  readonly id: string
  readonly version: number
  readonly since: number
}) {
  const shown = theme()
  const { frame, url } = useImage<HTMLSpanElement>(
    (signal) => api.versionPicture(id, version, { since, theme: shown }, signal),
    `${id} ${version} ${since} ${shown}`,
    [0],
  )
  return (
    <span class="version-picture" ref={frame}>
      {url !== null && <img src={url} alt="" />}
    </span>
  )
}
