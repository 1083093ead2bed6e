import {
  useCallback,
  useEffect,
  useRef,
  useState,
  type PointerEvent,
  type RefObject,
  type UIEvent,
} from 'react';

/** Where the drawing lies under the window: screen = drawing * scale + offset. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const leastScale = 0.08;
const mostScale = 2;
const margin = 28;
const dragThreshold = 4;

/** The viewport that shows all of a drawing, never magnified. */
export function fitViewport(drawing: Size, window: Size): Viewport {
  const scale = clamp(
    Math.min(
      (window.width - 2 * margin) / Math.max(1, drawing.width),
      (window.height - 2 * margin) / Math.max(1, drawing.height),
      1,
    ),
  );
  return {
    x: (window.width - drawing.width * scale) / 2,
    y: (window.height - drawing.height * scale) / 2,
    scale,
  };
}

/** Scales around a point of the window, which stays where it is. */
export function zoomAround(viewport: Viewport, factor: number, x: number, y: number): Viewport {
  const scale = clamp(viewport.scale * factor);
  const ratio = scale / viewport.scale;
  return { scale, x: x - (x - viewport.x) * ratio, y: y - (y - viewport.y) * ratio };
}

function clamp(scale: number): number {
  return Math.min(mostScale, Math.max(leastScale, scale));
}

export interface ViewportControl {
  readonly viewport: Viewport;
  readonly size: Size;
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly zoomBy: (factor: number) => void;
  readonly fit: () => void;
  readonly pointerHandlers: {
    readonly onPointerDown: (event: PointerEvent<HTMLDivElement>) => void;
    readonly onPointerMove: (event: PointerEvent<HTMLDivElement>) => void;
    readonly onPointerUp: (event: PointerEvent<HTMLDivElement>) => void;
    readonly onScroll: (event: UIEvent<HTMLDivElement>) => void;
    readonly onClickCapture: (event: { stopPropagation(): void; preventDefault(): void }) => void;
  };
}

/** Panning by dragging and scrolling, zooming by pinch, ctrl + wheel and buttons. Fits until it is touched. */
export function useViewport(drawing: Size): ViewportControl {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [moved, setMoved] = useState<Viewport>();
  const drag = useRef<{ x: number; y: number; from: Viewport; moved: boolean }>(undefined);
  const viewport = moved ?? fitViewport(drawing, size);
  const latest = useRef(viewport);
  latest.current = viewport;

  useFrameSize(frame, setSize);
  useWheel(frame, latest, setMoved);

  const zoomBy = useCallback(
    (factor: number) => setMoved(zoomAround(latest.current, factor, size.width / 2, size.height / 2)),
    [size],
  );
  return {
    viewport,
    size,
    frame,
    zoomBy,
    fit: () => setMoved(undefined),
    pointerHandlers: {
      onPointerDown: (event) => {
        if (event.button === 0) {
          drag.current = { x: event.clientX, y: event.clientY, from: latest.current, moved: false };
        }
      },
      onPointerMove: (event) => {
        const held = drag.current;
        if (!held || event.buttons === 0) return;
        const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
        if (!held.moved && Math.hypot(dx, dy) < dragThreshold) return;
        if (!held.moved) event.currentTarget.setPointerCapture(event.pointerId);
        held.moved = true;
        setMoved({ ...held.from, x: held.from.x + dx, y: held.from.y + dy });
      },
      onPointerUp: () => {
        if (!drag.current?.moved) drag.current = undefined;
      },
      onScroll: ({ currentTarget }) => currentTarget.scrollTo(0, 0),
      onClickCapture: (event) => {
        if (!drag.current?.moved) return;
        drag.current = undefined;
        event.stopPropagation();
        event.preventDefault();
      },
    },
  };
}

function useFrameSize(frame: RefObject<HTMLDivElement | null>, setSize: (size: Size) => void): void {
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame, setSize]);
}

function useWheel(
  frame: RefObject<HTMLDivElement | null>,
  latest: RefObject<Viewport>,
  move: (viewport: Viewport) => void,
): void {
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const viewport = latest.current;
      if (event.ctrlKey || event.metaKey) {
        const factor = Math.exp(-event.deltaY * 0.01);
        move(zoomAround(viewport, factor, event.clientX - box.left, event.clientY - box.top));
      } else {
        move({ ...viewport, x: viewport.x - event.deltaX, y: viewport.y - event.deltaY });
      }
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [frame, latest, move]);
}
