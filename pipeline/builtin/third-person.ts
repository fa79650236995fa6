// From what somebody says of themselves to what is said of them: “my card” becomes “their card”.

const swaps: readonly [RegExp, string][] = [
  [/\bI'm\b|\bI am\b|\bim\b(?= [a-z]+ing)/gi, 'they are'],
  [/\bI've\b/gi, 'they have'],
  [/\bI'd\b/gi, 'they would'],
  [/\bI'll\b/gi, 'they will'],
  [/\bI was\b/gi, 'they were'],
  [/\bwas I\b/gi, 'were they'],
  [/\bam I\b/gi, 'are they'],
  [/\bI\b/g, 'they'],
  [/(?<=^|\s)i(?=\s)/g, 'they'],
  [/\bmyself\b/gi, 'themselves'],
  [/\bmine\b/gi, 'theirs'],
  [/\bmy\b/gi, 'their'],
  [/\bme\b/gi, 'them'],
  [/\bwe're\b/gi, 'they are'],
  [/\bwe've\b/gi, 'they have'],
  [/\bwe\b/gi, 'they'],
  [/\bours\b/gi, 'theirs'],
  [/\bour\b/gi, 'their'],
  [/\bus\b/g, 'them'],
]

/** An English clause in the first person, told of “them”. Clauses that speak to “you” can not be turned: see `speaksToYou`. */
export function toThirdPerson(clause: string): string {
  return swaps.reduce((text, [from, to]) => text.replace(from, to), clause)
}

/** Whether a clause addresses the listener, which has no place in a report. */
export function speaksToYou(clause: string): boolean {
  return /\b(?:you|your|yours|you're|you've|u|ur)\b/i.test(clause)
}
