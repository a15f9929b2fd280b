// What the list knows of the organisation: its projects, and how many diagrams its plan still allows.
import { signal } from '@preact/signals'
import type { Api, Org, Project } from '../api.ts'

export class Organisation {
  readonly projects = signal<readonly Project[]>([])
  /** null: not known yet. */
  readonly org = signal<Org | null>(null)
  readonly #api: Api
  readonly #isMember: boolean

  /** @param isMember a guest is told nothing of the organisation */
  constructor(api: Api, isMember: boolean) {
    this.#api = api
    this.#isMember = isMember
  }

  /** Asks for everything anew. The list itself works without it. */
  async load(): Promise<void> {
    if (!this.#isMember) return
    await Promise.all([this.count().catch(() => {}), this.#list().catch(() => {})])
  }

  /** Asks anew how many diagrams there are. */
  async count(): Promise<void> {
    this.org.value = await this.#api.org()
  }

  async create(name: string): Promise<Project> {
    const project = await this.#api.createProject(name)
    await this.#list()
    return project
  }

  async rename({ id }: Project, name: string): Promise<void> {
    await this.#api.renameProject(id, name)
    await this.#list()
  }

  async remove({ id }: Project): Promise<void> {
    await this.#api.removeProject(id)
    await this.#list()
  }

  async #list(): Promise<void> {
    this.projects.value = await this.#api.projects()
  }
}
