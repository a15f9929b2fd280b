import { carryRecords, openDiagram, roomAccess, setField } from 'atelier-client'

const place = new URLSearchParams(location.hash.slice(1))
const given = (name: string) => place.get(name) ?? ''
const show = (name: string, text: string) => document.querySelector(`#${name}`)?.replaceChildren(text)

const diagram = await openDiagram({
  id: given('diagram'),
  user: { id: given('user'), name: given('user'), color: '#aa0044' },
  access: roomAccess(given('server'), given('diagram'), () => given('token')),
  carryOver: carryRecords,
})
diagram.connection.subscribe(({ state }) => show('connection', state))
diagram.saved.subscribe(({ unsaved }) => show('saved', unsaved === 0 ? 'saved' : `${unsaved} unsaved`))
diagram.awareness.others.subscribe((others) => show('people', others.map(({ user }) => user.name).join(' ')))

document.querySelector('#rename')?.addEventListener('click', () => {
  setField(diagram.doc, 'StartEvent_1', 'name', `renamed by ${given('user')}`)
})
