/** Which traces by their state in MLflow; those under way are few and change, so nobody filters by them. */
export function StateSelect(props: {
  value: 'OK' | 'ERROR' | undefined
  onChange: (state: 'OK' | 'ERROR' | undefined) => void
}) {
  return (
    <select
      className="select"
      aria-label="State"
      value={props.value ?? ''}
      onChange={(event) => {
        const state = event.target.value
        props.onChange(state === 'OK' || state === 'ERROR' ? state : undefined)
      }}
    >
      <option value="">Any state</option>
      <option value="OK">OK</option>
      <option value="ERROR">Error</option>
    </select>
  )
}
