// Order keys (D14): strings that sort siblings and leave room between any two. Keys come from peers, so any
// string is taken; what does not follow the scheme is an opaque string.
import { compare } from './chars.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Random digits behind a new key: 3,844 to 1 against a clash of two inserts into one gap. */
const RANDOM_DIGITS = 2

/** A source of numbers in [0, 1), as `Math.random`. */
export type Random = () => number

/** The key of the `index`-th of siblings that all get their keys at once: `a0` … `az`, `b00` …. */
export function nth(index: number): string {
  let [rest, digits] = [index, 1]
  for (let span = 62; rest >= span; span *= 62) {
    rest -= span
    digits++
  }
  let key = ''
  for (let n = 0; n < digits; n++) {
    key = DIGITS.charAt(rest % 62) + key
    rest = Math.floor(rest / 62)
  }
  return letterOf(digits) + key
}

/**
 * A key between two siblings (undefined: the end of the list), with two random digits behind it.
 *
 * Total: where the keys leave room it lies strictly between them, else just behind the left one.
 */
export function between(
  left: string | undefined,
  right: string | undefined,
  random: Random = Math.random,
): string {
  const key = middle(left, right) + randomDigits(RANDOM_DIGITS, random)
  // A key that ends in the least digit has no room before it.
  return key.endsWith('0') ? key.slice(0, -1) + digit(random, 1) : key
}

function middle(left: string | undefined, right: string | undefined): string {
  if (left === undefined) return right === undefined ? 'a0' : (step(right, -1) ?? inside('', right))
  if (right === undefined) return step(left, 1) ?? left
  if (compare(left, right) >= 0) return left
  const next = step(left, 1)
  // Not a prefix of the right key: the random digits behind it must not climb over.
  return next !== undefined && compare(next, right) < 0 && !right.startsWith(next)
    ? next
    : inside(left, right)
}

/** So many random digits. */
export function randomDigits(count: number, random: Random): string {
  let digits = ''
  for (let n = 0; n < count; n++) digits += digit(random, 0)
  return digits
}

function digit(random: Random, least: number): string {
  return DIGITS.charAt(least + Math.floor(random() * (62 - least)))
}

/** `a` stands for one digit, `b` for two …. */
function letterOf(digits: number): string {
  return String.fromCharCode(0x60 + digits)
}

/** The integer of a key that follows the scheme: `a0`, `b1Z`, `Zz` …. */
function integerOf(key: string): string | undefined {
  const letter = key.charCodeAt(0)
  const upwards = letter >= 0x61 && letter <= 0x7a
  if (!upwards && !(letter >= 0x41 && letter <= 0x5a)) return undefined
  const length = 1 + (upwards ? letter - 0x60 : 0x5b - letter)
  const integer = key.slice(0, length)
  return integer.length === length && /^[0-9A-Za-z]+$/.test(integer) ? integer : undefined
}

/** The integer after or before that of a key; none without one and at the ends of the scale. */
function step(key: string, by: 1 | -1): string | undefined {
  const integer = integerOf(key)
  if (integer === undefined) return undefined
  const [last, first] = by > 0 ? ['z', '0'] : ['0', 'z']
  for (let at = integer.length - 1; at > 0; at--) {
    const char = integer.charAt(at)
    if (char !== last) {
      const next = DIGITS.charAt(DIGITS.indexOf(char) + by)
      return integer.slice(0, at) + next + first.repeat(integer.length - 1 - at)
    }
  }
  return wrapped(integer.charAt(0), by, first)
}

/** All digits wrapped: the next letter has one digit more or less. */
function wrapped(letter: string, by: 1 | -1, digit: string): string | undefined {
  if (letter === (by > 0 ? 'z' : 'A')) return undefined
  if (letter === 'Z' && by > 0) return `a${digit}`
  if (letter === 'a' && by < 0) return `Z${digit}`
  const next = letter.charCodeAt(0) + by
  return String.fromCharCode(next) + digit.repeat(next >= 0x61 ? next - 0x60 : 0x5b - next)
}

/** A string after `left` and before `right`, no prefix of `right`; `left` where no digits lie between. */
function inside(left: string, right: string): string {
  const [low, high] = [[...left], [...right]]
  let key = ''
  let bounded = true
  for (let at = 0; ; at++) {
    const floor = low[at]
    const ceiling = bounded ? high[at] : undefined
    if (bounded && ceiling === undefined) return left
    if (floor !== undefined && floor === ceiling) {
      key += floor
      continue
    }
    const found = digitBetween(floor ?? '0', ceiling)
    if (found !== undefined) return key + found
    if (ceiling === undefined) {
      key += floor ?? ''
    } else if (compare(floor ?? '0', ceiling) < 0) {
      // No digit between, but everything that starts with the floor is below the ceiling.
      key += floor ?? '0'
      bounded = false
    } else if (floor === undefined && ceiling === '0') {
      key += '0'
    } else {
      return left
    }
  }
}

/** The middle digit strictly between two characters. */
function digitBetween(low: string, high: string | undefined): string | undefined {
  let [first, end] = [0, DIGITS.length]
  while (first < end && compare(DIGITS.charAt(first), low) <= 0) first++
  while (end > first && high !== undefined && compare(DIGITS.charAt(end - 1), high) >= 0) end--
  return first < end ? DIGITS.charAt(first + Math.floor((end - first) / 2)) : undefined
}
