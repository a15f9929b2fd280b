// Friendly names for people who have not told theirs, and what is short for a name. Pure.

const QUALITIES = [
  'Amber',
  'Brisk',
  'Calm',
  'Clever',
  'Coral',
  'Gentle',
  'Golden',
  'Hazel',
  'Indigo',
  'Ivory',
  'Jolly',
  'Keen',
  'Lively',
  'Mellow',
  'Nimble',
  'Olive',
  'Patient',
  'Quiet',
  'Rosy',
  'Silver',
  'Sunny',
  'Teal',
  'Velvet',
  'Witty',
]
const ANIMALS = [
  'Badger',
  'Beaver',
  'Bison',
  'Crane',
  'Dolphin',
  'Falcon',
  'Finch',
  'Fox',
  'Gecko',
  'Heron',
  'Ibex',
  'Jay',
  'Koala',
  'Lark',
  'Lynx',
  'Marten',
  'Otter',
  'Owl',
  'Panda',
  'Puffin',
  'Robin',
  'Seal',
  'Swan',
  'Wren',
]

/** A name out of random numbers between 0 and 1. */
export function friendlyName(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? words[0]
  return `${pick(QUALITIES)} ${pick(ANIMALS)}`
}

/** One or two letters that stand for a name. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')][0] ?? '',
  )
  return letters.join('').toLocaleUpperCase() || '?'
}
