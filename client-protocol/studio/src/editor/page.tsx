// The page of one diagram: loads what it needs, then shows the editor.
import { useEffect, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { pathOf } from '../router.ts'
import { api, type Who } from '../session.ts'
import { Notice, Spinner } from '../ui/controls.tsx'
import { explain } from '../words.ts'
import type { Editor } from './editor.tsx'
import type { Room } from './room.ts'

type Opening =
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly room: Room; readonly diagram: Summary; readonly View: typeof Editor }
  | { readonly state: 'failed'; readonly text: string; readonly advice: string }

export function DiagramPage({ id, who }: { readonly id: string; readonly who: Who }) {
  const [opening, setOpening] = useState<Opening>({ state: 'opening' })
  useEffect(() => {
    let room: Room | undefined
    let left = false
    const open = async () => {
      try {
        // All at once: the modeler is as large as the network is slow.
        const [diagram, { Room }, { Editor }] = await Promise.all([
          api.summary(id),
          import('./room.ts'),
          import('./editor.tsx'),
        ])
        if (left) return
        room = await Room.open(id, who)
        if (left) return void room.leave()
        setOpening({ state: 'open', room, diagram, View: Editor })
      } catch (error) {
        if (!left) setOpening({ state: 'failed', ...explain(error) })
      }
    }
    void open()
    return () => {
      left = true
      void room?.leave()
    }
  }, [id])

  if (opening.state === 'opening') return <Spinner label="Opening the diagram …" />
  if (opening.state === 'failed') {
    return (
      <Notice icon="alert" title={opening.text}>
        <p>{opening.advice}</p>
        <a class="button" href={pathOf({ page: 'list' })}>
          All diagrams
        </a>
      </Notice>
    )
  }
  const { View, room, diagram } = opening
  return <View key={id} room={room} diagram={diagram} who={who} />
}
