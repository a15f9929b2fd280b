// The page: what there is on the left, everything about it on the right, found by words.
import { useState } from 'preact/hooks'
import { theme, toggleTheme } from '../theme.ts'
import { IconButton } from '../ui/controls.tsx'
import { type Description, type Route, routes } from './model.ts'
import { OperationPart } from './operation.tsx'
import { Text } from './text.tsx'

export function Page({ description }: { readonly description: Description }) {
  const [words, setWords] = useState('')
  const found = routes(description).filter((route) => matches(route, words))
  const groups = description.tags
    .map((tag) => ({ tag, routes: found.filter(({ operation }) => operation.tags.includes(tag.name)) }))
    .filter(({ routes }) => routes.length > 0)
  const dark = theme() === 'dark'
  return (
    <>
      <header class="bar docs-bar">
        <a class="docs-home" href="/studio/">
          Atelier
        </a>
        <strong>REST API</strong>
        <span class="quiet-text">{description.info.version}</span>
        <span class="docs-space" />
        <a href="/openapi.json">openapi.json</a>
        <IconButton
          label={dark ? 'Light theme' : 'Dark theme'}
          icon={dark ? 'sun' : 'moon'}
          onClick={toggleTheme}
        />
      </header>
      <div class="docs">
        <nav class="docs-nav" aria-label="Operations">
          <label class="field">
            <span class="hidden">Find operations</span>
            <input
              type="search"
              placeholder="Find operations"
              value={words}
              onInput={(event) => setWords(event.currentTarget.value)}
            />
          </label>
          {groups.map(({ tag, routes }) => (
            <section key={tag.name}>
              <h2>{tag.name}</h2>
              <ul>
                {routes.map(({ method, operation }) => (
                  <li key={operation.operationId}>
                    <a href={`#${operation.operationId}`}>
                      <span class={`docs-method ${method.toLowerCase()}`}>{method}</span>
                      {operation.summary}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
          <p class="quiet-text" role="status">
            {counted(found.length)}
          </p>
        </nav>
        <main class="docs-main">
          <h1>{description.info.title}</h1>
          {description.info.description !== undefined && <Text>{description.info.description}</Text>}
          {groups.map(({ tag, routes }) => (
            <section key={tag.name} aria-labelledby={`tag-${tag.name}`}>
              <h2 id={`tag-${tag.name}`}>{tag.name}</h2>
              {tag.description !== undefined && <Text class="quiet-text">{tag.description}</Text>}
              {routes.map((route) => (
                <OperationPart key={route.operation.operationId} description={description} route={route} />
              ))}
            </section>
          ))}
        </main>
      </div>
    </>
  )
}

/** How many there are, in words. */
function counted(count: number): string {
  if (count === 0) return 'Nothing of that name'
  return count === 1 ? '1 operation' : `${count} operations`
}

/** Whether all words occur in what the operation is called or where it is. */
function matches({ method, path, operation }: Route, words: string): boolean {
  const text = `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
