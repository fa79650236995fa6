// Small line icons, drawn on a 16 px grid.
const paths = {
  check: 'M3 8.500 6.500 12 13 4.500',
  cross: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 4.500V8l2.500 1.500M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z',
  stop: 'M5 5h6v6H5z',
  search: 'M10.500 10.500 14 14M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0z',
  chevron: 'M6 4l4 4-4 4',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  out: 'M6.500 3.500H3.500v9h9v-3M9 3h4v4M13 3 7.500 8.500',
  list: 'M2.500 4h11M2.500 8h11M2.500 12h7',
  spark: 'M8 2c.7 3.700 2.300 5.300 6 6-3.700.7-5.300 2.300-6 6-.7-3.700-2.300-5.300-6-6 3.700-.7 5.300-2.300 6-6z',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
  expand: 'M9.500 2.500h4v4M13.500 2.500 9 7M6.500 13.500h-4v-4M2.500 13.500 7 9',
  shrink: 'M13.500 6.500h-4v-4M9.500 6.500l4-4M2.500 9.500h4v4M6.500 9.500l-4 4',
  lasso:
    'M8 3c3.300 0 6 1.600 6 3.700S11.300 10.500 8 10.500c-.9 0-1.800-.1-2.600-.4M5.400 10.100C3.400 9.500 2 8.200 2 6.700 2 4.600 4.700 3 8 3M5.400 10.100a1.300 1.300 0 1 1-2.100.5c.4-.6 1.300-.8 2.100-.5zM3.500 12.300c.2.900 0 1.600-.7 2.200',
  dots: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  columns: 'M2.500 3h11v10h-11zM6.200 3v10M9.800 3v10',
  filter: 'M2 3.500h12L9.500 9v4.500l-3-1.500V9z',
  trash: 'M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.6 9h5.800l.6-9M6.700 7v4M9.300 7v4',
  sun: 'M8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0z',
  moon: 'M13.500 9.500A6 6 0 0 1 6.500 2.500 6 6 0 1 0 13.500 9.500z',
  screen: 'M2 3h12v8H2zM6 14h4M8 11v3',
  download: 'M8 2.500v8M4.500 7.500 8 11l3.500-3.500M3 13.500h10',
  quote: 'M6.500 4.500C4.500 5 3.500 6.500 3.500 8.500v3h3.500v-3.500H5M13 4.500c-2 .5-3 2-3 4v3h3.500v-3.500h-2',
  warn: 'M8 2.500 14 13H2zM8 6.500V9.500M8 11.300v.2',
  info: 'M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0zM8 7.200v3.800M8 5v.2',
  copy: 'M5.500 5.500h7v8h-7zM10.500 5.500v-3h-7v8h2',
  flask: 'M6 2.500h4M6.500 2.500v4L3 13h10L9.500 6.500v-4',
  home: 'M2.500 7.500 8 3l5.500 4.500M4 6.500V13h8V6.500',
  people: 'M8 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM3 13.500c.5-2.500 2.500-4 5-4s4.500 1.500 5 4',
  bars: 'M3 13V8M8 13V3M13 13V6',
} as const

export type IconName = keyof typeof paths

/** Decoration: the meaning is always said in words beside it or in the control's name. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  )
}
