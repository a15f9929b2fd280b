// What one can do with the diagrams of the list, and how the list follows. Shows nothing but messages.
import type { Api, Summary } from '../api.ts'
import { go } from '../router.ts'
import { complain, say } from '../ui/toasts.tsx'
import type { Diagrams } from './catalog.ts'
import type { Organisation } from './organisation.ts'
import { type Refused, shortened, upload } from './upload.ts'

export class Desk {
  readonly #api: Api
  readonly #diagrams: Diagrams
  readonly #organisation: Organisation

  constructor(api: Api, diagrams: Diagrams, organisation: Organisation) {
    this.#api = api
    this.#diagrams = diagrams
    this.#organisation = organisation
  }

  /** Asks anew for everything that is shown. */
  async refresh(): Promise<void> {
    await Promise.all([this.#diagrams.load(), this.#organisation.load()])
  }

  async create(bpmn: string, title: string): Promise<void> {
    try {
      go({ page: 'diagram', id: (await this.#api.create(bpmn, title, this.#project)).id })
    } catch (error) {
      complain(error)
    }
  }

  /** @param onProgress is told how many are done before each one */
  async upload(
    files: readonly File[],
    onProgress: (done: number) => void,
  ): Promise<{ readonly made: readonly Summary[]; readonly refused: readonly Refused[] }> {
    const results: (Summary | Refused)[] = []
    for (const file of files) {
      onProgress(results.length)
      results.push(await upload(this.#api, file, this.#project))
    }
    return {
      made: results.filter((result): result is Summary => 'id' in result),
      refused: results.filter((result): result is Refused => 'file' in result),
    }
  }

  async rename(diagram: Summary, title: string): Promise<void> {
    this.#diagrams.replace(await this.#api.rename(diagram.id, title))
  }

  async duplicate({ id, title, projectId }: Summary): Promise<void> {
    try {
      const copy = await this.#api.create(await this.#api.bpmn(id), shortened(`Copy of ${title}`), projectId)
      say(`“${copy.title}” was created.`, { label: 'Open', act: () => go({ page: 'diagram', id: copy.id }) })
      await this.refresh()
    } catch (error) {
      complain(error)
    }
  }

  async move(id: string, projectId: string | null): Promise<void> {
    const moved = await this.#api.move(id, projectId)
    this.#diagrams.replace(moved)
    const project = this.#organisation.projects.value.find((other) => other.id === projectId)
    say(project ? `“${moved.title}” is in “${project.name}” now.` : `“${moved.title}” is in no project now.`)
  }

  async remove(diagram: Summary): Promise<void> {
    this.#diagrams.forget(diagram.id)
    try {
      await this.#api.remove(diagram.id)
      say(`“${diagram.title}” was deleted.`, { label: 'Undo', act: () => void this.bringBack(diagram) })
    } catch (error) {
      complain(error)
    }
    await this.refresh()
  }

  async bringBack(diagram: Summary): Promise<void> {
    await this.#api.undelete(diagram.id).catch(complain)
    await this.refresh()
  }

  /** Where new diagrams belong. */
  get #project(): string | null {
    return this.#diagrams.shelf.value.project ?? null
  }
}
