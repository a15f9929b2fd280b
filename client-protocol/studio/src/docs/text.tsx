// The little Markdown that descriptions use: paragraphs and code. Everything else is shown as it stands.

export function Text({ children, class: more = '' }: { readonly children: string; readonly class?: string }) {
  return (
    <>
      {children.split(/\n{2,}/).map((paragraph, at) => (
        <p key={at} class={more}>
          <Words>{paragraph}</Words>
        </p>
      ))}
    </>
  )
}

/** One line of it. */
export function Words({ children }: { readonly children: string }) {
  return <>{children.split('`').map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>
}
