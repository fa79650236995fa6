/**
 * Text out of a trace. It is only ever a React text node, and its writing direction stays inside the element, so that
 * neither markup nor bidi control characters reach the page around it.
 */
export function FromTrace({ text, className = '' }: { text: string; className?: string }) {
  return (
    <bdi className={`from-trace ${className}`} dir="auto">
      {text}
    </bdi>
  )
}
