/** The sparkle of MLflow's AI features, as a shape filled with their gradient. */
export function BrandMark({ size = 18 }: { size?: number }) {
  return <span className="brand-mark" style={{ width: size, height: size }} aria-hidden="true" />
}
