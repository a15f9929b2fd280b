// What the Studio uses of bpmn-js, as types.

/** An element of the model behind the canvas. */
export interface ModdleElement {
  readonly $type: string
  readonly $model: { readonly ids?: { assigned(id: string): unknown } }
  readonly id?: string
  readonly name?: string
  get(property: string): unknown
  $instanceOf(type: string): boolean
}

/** An element on the canvas. */
export interface CanvasElement {
  readonly id: string
  readonly type: string
  readonly businessObject: ModdleElement
  readonly di?: ModdleElement
  /** Of a label: what it names. */
  readonly labelTarget?: CanvasElement
  readonly parent?: CanvasElement | null
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The services, by name. */
export interface Services {
  readonly canvas: {
    zoom(level: number | 'fit-viewport', center?: 'auto'): number
    zoom(): number
    viewbox(): Box & {
      readonly scale: number
      readonly inner: Box
      readonly outer: Pick<Box, 'width' | 'height'>
    }
    viewbox(box: Box): void
    getRootElement(): CanvasElement
    resized(): void
    addMarker(element: string, marker: string): void
    removeMarker(element: string, marker: string): void
    /** In pixels of the screen, from the canvas's corner. */
    getAbsoluteBBox(element: CanvasElement): Box
    scrollToElement(element: CanvasElement): void
    findRoot(element: CanvasElement): CanvasElement | undefined
    setRootElement(root: CanvasElement): void
    focus(): void
  }
  readonly eventBus: {
    on(event: string | readonly string[], listener: (event: never) => void): void
    off(event: string | readonly string[], listener: (event: never) => void): void
  }
  readonly elementRegistry: { get(id: string): CanvasElement | undefined }
  readonly selection: {
    get(): CanvasElement[]
    select(elements: CanvasElement | readonly CanvasElement[] | null): void
  }
  readonly modeling: {
    updateLabel(element: CanvasElement, text: string): void
    updateProperties(element: CanvasElement, properties: object): void
    setColor(elements: readonly CanvasElement[], colors: object | null): void
  }
  readonly bpmnFactory: { create(type: string, attributes?: object): ModdleElement }
  readonly commandStack: { canUndo(): boolean; canRedo(): boolean; undo(): void; redo(): void }
  readonly editorActions: {
    trigger(action: string, options?: unknown): unknown
    isRegistered(action: string): boolean
  }
  readonly popupMenu: {
    open(target: CanvasElement, provider: string, position: { x: number; y: number }, options?: object): void
  }
}

/** A modeler or viewer. */
export interface BpmnJs {
  get<Name extends keyof Services>(service: Name): Services[Name]
  attachTo(container: HTMLElement): void
  importXML(xml: string): Promise<{ readonly warnings: readonly unknown[] }>
  saveSVG(): Promise<{ readonly svg: string }>
  destroy(): void
}
